#include "warren/node/bootstrap_dns.hpp"

#include <algorithm>

#include "warren/async/as_result.hpp"
#include "warren/async/cancellation.hpp"
#include "warren/async/task_group.hpp"
#include "warren/swarm/dns_addresses.hpp"

namespace warren {

namespace {

constexpr std::string_view kTextPrefix = "dnsaddr=";
constexpr std::size_t kDomainMax = 230;  // "_warren._udp." goes in front, and 253 is DNS's bound
constexpr std::size_t kLabelMax = 63;

bool is_label(std::string_view label) {
  return !label.empty() && label.size() <= kLabelMax && std::ranges::all_of(label, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
}

// The answers to all questions about a domain, as they come.
struct Answers {
  std::vector<ServiceRecord> udp;
  std::vector<ServiceRecord> tcp;
  std::vector<Multiaddr> texts;
  std::vector<Multiaddr> trees;  // those of the texts that begin with /dnsaddr
  Duration ttl = kDomainTtlMax;
  std::error_code error = Errc::kNotFound;  // a better reason replaces it

  void failed(std::error_code reason) {
    if (error == Errc::kNotFound) error = reason;
  }
};

Task<void> ask_services(Resolver* resolver, std::string name, std::vector<ServiceRecord>* records,
                        Answers* answers) {
  auto found = co_await as_result(resolver->resolve_srv(std::move(name)));
  if (!found) co_return answers->failed(found.error());
  for (const ServiceRecord& record : *found) answers->ttl = std::min(answers->ttl, record.ttl);
  *records = std::move(*found);
}

Task<void> ask_texts(Resolver* resolver, std::string name, Answers* answers) {
  const auto found = co_await as_result(resolver->resolve_txt(std::move(name)));
  if (!found) co_return answers->failed(found.error());
  for (const TextRecord& record : *found) {
    if (!record.text.starts_with(kTextPrefix)) continue;
    auto address = Multiaddr::parse(std::string_view(record.text).substr(kTextPrefix.size()));
    if (!address || address->empty()) continue;
    answers->ttl = std::min(answers->ttl, record.ttl);
    const bool tree = address->components().front().code == Protocol::kDnsaddr;
    (tree ? answers->trees : answers->texts).push_back(std::move(*address));
  }
}

// What a tree of dnsaddr records leads to: whole addresses only.
Task<void> ask_trees(Env* env, std::vector<Multiaddr> trees, Answers* answers) {
  DnsExpansion expansion =
      co_await expand_names(env->executor, env->clock, *env->resolver, std::nullopt, std::move(trees));
  std::ranges::move(expansion.addresses, std::back_inserter(answers->texts));
  for (const auto& failure : expansion.failures) answers->failed(failure.error);
}

Task<void> ask_domain(TaskGroup* asking, Env* env, std::string domain, Answers* answers) {
  Resolver* resolver = env->resolver;
  const std::string udp = "_warren._udp." + domain;
  const std::string tcp = "_warren._tcp." + domain;
  asking->spawn(ask_services(resolver, udp, &answers->udp, answers));
  asking->spawn(ask_services(resolver, tcp, &answers->tcp, answers));
  asking->spawn(ask_texts(resolver, udp, answers));
  asking->spawn(ask_texts(resolver, tcp, answers));
  asking->spawn(ask_texts(resolver, "_dnsaddr." + domain, answers));
  const Winner winner = co_await race(asking->join(), env->clock.sleep_for(kDomainTimeout));
  if (winner == Winner::kSecond) answers->failed(Errc::kTimedOut);
}

Duration bounded(Duration ttl) {
  return std::clamp(ttl, kDomainTtlMin, kDomainTtlMax);
}

void require_resolver(const Env& env, const std::string& name) {
  if (env.resolver == nullptr) throw_error(Errc::kUnsupported, name);
}

}  // namespace

bool is_domain(std::string_view text) {
  if (text.ends_with('.')) text.remove_suffix(1);
  if (text.size() > kDomainMax) return false;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find('.', begin), text.size());
    if (!is_label(text.substr(begin, end - begin))) return false;
    begin = end + 1;
  }
  return true;
}

// Weights 0 have a small chance, as if they were less than 1: RFC 2782 puts them first in the draw.
std::vector<ServiceRecord> in_service_order(std::vector<ServiceRecord> records, Random& random) {
  std::ranges::stable_sort(records, [](const ServiceRecord& a, const ServiceRecord& b) {
    return a.priority != b.priority ? a.priority < b.priority : (a.weight == 0 && b.weight != 0);
  });
  for (auto first = records.begin(); first != records.end(); ++first) {
    const auto same_end = std::find_if(first, records.end(), [&](const ServiceRecord& record) {
      return record.priority != first->priority;
    });
    std::uint64_t sum = 0;
    for (auto it = first; it != same_end; ++it) sum += it->weight;
    const std::uint64_t drawn = random.below(sum + 1);
    auto chosen = first;
    for (std::uint64_t passed = chosen->weight; passed < drawn; passed += chosen->weight) ++chosen;
    std::rotate(first, chosen, chosen + 1);
  }
  return records;
}

Task<DomainAnswer> read_domain(Env* env, std::string domain) {
  if (!is_domain(domain)) throw_error(Errc::kBadAddress, domain);
  if (domain.ends_with('.')) domain.pop_back();
  require_resolver(*env, domain);
  Answers answers;
  TaskGroup asking(env->executor, "bootstrap dns");
  Task<void> ask = ask_domain(&asking, env, domain, &answers);
  co_await finally(std::move(ask), asking.close());
  if (!answers.trees.empty()) co_await ask_trees(env, answers.trees, &answers);
  DomainAnswer answer = join_records(domain, in_service_order(std::move(answers.udp), env->random),
                                     in_service_order(std::move(answers.tcp), env->random), answers.texts);
  answer.ttl = bounded(answers.ttl);
  if (answer.addresses.empty() && answer.warnings.empty()) throw_error(answers.error, domain);
  co_return answer;
}

Task<DomainAnswer> read_dnsaddr(Env* env, Multiaddr address) {
  const std::string text = address.to_string();
  require_resolver(*env, text);
  Answers answers;
  std::vector<Multiaddr> trees(1, std::move(address));
  co_await ask_trees(env, std::move(trees), &answers);
  DomainAnswer answer = join_records(text, {}, {}, answers.texts);
  answer.ttl = kDomainTtlMax / 4;  // the expansion does not tell those of its records
  if (answer.addresses.empty()) throw_error(answers.error, text);
  co_return answer;
}

}  // namespace warren
