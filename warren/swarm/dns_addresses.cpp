#include "warren/swarm/dns_addresses.hpp"

#include <algorithm>
#include <memory>

#include "warren/async/as_result.hpp"
#include "warren/async/cancellation.hpp"
#include "warren/async/task_group.hpp"

namespace warren {

namespace {

constexpr std::string_view kTextPrefix = "dnsaddr=";
// How often the end of patience is looked at.
constexpr Duration kWaitStep = 50ms;

bool is_name(Protocol code) {
  return code == Protocol::kDns || code == Protocol::kDns4 || code == Protocol::kDns6 ||
         code == Protocol::kDnsaddr;
}

Multiaddr joined(const std::vector<Component>& components, std::size_t from) {
  Multiaddr address;
  for (std::size_t i = from; i < components.size(); ++i)
    address = address.with(components[i].code, components[i].value);
  return address;
}

Multiaddr with_ip(const IpAddress& ip, const Multiaddr& rest) {
  const Multiaddr head = Multiaddr().with(ip.is_v4() ? Protocol::kIp4 : Protocol::kIp6, ip.bytes());
  return head.encapsulate(rest);
}

// /dns4/NAME/tcp/443/tls/ws and .../wss become .../tls/sni/NAME/ws.
Multiaddr with_sni(const Multiaddr& address, BytesView name) {
  const bool wss = address.has(Protocol::kWss);
  const bool tls_ws = address.has(Protocol::kTls) && address.has(Protocol::kWs);
  if ((!wss && !tls_ws) || address.has(Protocol::kSni)) return address;
  Multiaddr result;
  for (const Component& component : address.components()) {
    if (component.code == Protocol::kWss) {
      result = result.with(Protocol::kTls).with(Protocol::kSni, name).with(Protocol::kWs);
      continue;
    }
    result = result.with(component.code, component.value);
    if (component.code == Protocol::kTls) result = result.with(Protocol::kSni, name);
  }
  return result;
}

// The multiaddr of a TXT record, if it is one that ends in `suffix`.
std::optional<Multiaddr> address_in(const TextRecord& record, const std::vector<Component>& suffix) {
  if (!record.text.starts_with(kTextPrefix)) return std::nullopt;
  const auto address = Multiaddr::parse(std::string_view(record.text).substr(kTextPrefix.size()));
  if (!address) return std::nullopt;
  const auto components = address->components();
  if (components.size() <= suffix.size()) return std::nullopt;
  const bool fits = std::equal(suffix.rbegin(), suffix.rend(), components.rbegin());
  return fits ? std::optional(*address) : std::nullopt;
}

Protocol first_code(const Multiaddr& address) {
  const auto components = address.components();
  return components.empty() ? Protocol{} : components.front().code;
}

// An address and what it led to: a tree, because answers come in any order and are told in the given one.
struct Branch {
  Branch(Multiaddr given, std::size_t texts)
      : address(std::move(given)), code(first_code(address)), depth(texts) {}
  Multiaddr address;
  Protocol code;
  std::size_t depth;                        // dnsaddrs on the way here
  std::error_code error = Errc::kTimedOut;  // until there is an answer
  std::vector<std::unique_ptr<Branch>> children;
};
using Branches = std::vector<std::unique_ptr<Branch>>;

// Whether this or anything below leads to an address.
bool leads_somewhere(const Branch& branch) {
  if (!is_name(branch.code)) return true;
  return std::ranges::any_of(branch.children, [](const auto& child) { return leads_somewhere(*child); });
}

// Adds what the branch led to, and why it, or parts of it, led nowhere.
void collect(const Branch& branch, std::size_t addresses_max, DnsExpansion& result) {
  if (!is_name(branch.code)) {
    const bool known = std::ranges::find(result.addresses, branch.address) != result.addresses.end();
    if (!known && result.addresses.size() < addresses_max) result.addresses.push_back(branch.address);
    return;
  }
  // One family is enough for a /dns; when both have failed, the better reason counts.
  if (branch.code == Protocol::kDns && !branch.children.empty()) {
    if (leads_somewhere(branch)) {
      for (const auto& family : branch.children) {
        if (leads_somewhere(*family)) collect(*family, addresses_max, result);
      }
      return;
    }
    const auto reason = std::ranges::find_if(
        branch.children, [](const auto& family) { return family->error != Errc::kNotFound; });
    result.failures.push_back({branch.address, reason == branch.children.end()
                                                   ? make_error_code(Errc::kNotFound)
                                                   : (*reason)->error});
    return;
  }
  for (const auto& child : branch.children) collect(*child, addresses_max, result);
  if (branch.error) result.failures.push_back({branch.address, branch.error});
}

class Expansion {
 public:
  Expansion(Executor executor, Clock& clock, Resolver& resolver, std::optional<PeerId> peer, DnsLimits limits)
      : clock_(clock),
        resolver_(resolver),
        peer_(std::move(peer)),
        limits_(limits),
        lookups_(std::move(executor), "dns") {}

  Task<void> run(std::vector<Multiaddr> addresses) {
    const Instant began = clock_.now();
    for (Multiaddr& address : addresses) add(roots_, std::move(address), 0);
    while (lookups_.size() > 0 && clock_.now() < began + limits_.time_max) {
      if (found_ && clock_.now() >= began + limits_.patience) break;
      co_await race(lookups_.join(), clock_.sleep_for(kWaitStep));
    }
  }

  // Ends what still waits for an answer.
  Task<void> close() { return lookups_.close(); }

  DnsExpansion result() const {
    DnsExpansion result;
    for (const auto& root : roots_) collect(*root, limits_.addresses_max, result);
    return result;
  }

 private:
  // Two TXT answers full of names, and then some.
  static constexpr std::size_t kBranchesMax = 3 * kDnsRecordsMax;

  // A new branch; its look-up begins if it is a name.
  void add(Branches& to, Multiaddr address, std::size_t depth) {
    if (address.empty() || ++branches_ > kBranchesMax) return;
    to.push_back(std::make_unique<Branch>(std::move(address), depth));
    Branch& branch = *to.back();
    if (!is_name(branch.code)) {
      found_ = true;
      return;
    }
    if (branch.code == Protocol::kDns) {
      add_families(branch);
      return;
    }
    const bool text = branch.code == Protocol::kDnsaddr;
    if ((text && depth >= limits_.depth_max) || ++queries_ > limits_.queries_max) {
      branch.error = Errc::kLimitReached;
      return;
    }
    lookups_.spawn(text ? look_up_text(&branch) : look_up_ip(&branch));
  }

  // IPv6 is preferred (addressing spec), so it stands first.
  void add_families(Branch& branch) {
    const auto components = branch.address.components();
    const Multiaddr rest = joined(components, 1);
    for (const Protocol family : {Protocol::kDns6, Protocol::kDns4})
      add(branch.children, Multiaddr().with(family, components[0].value).encapsulate(rest), branch.depth);
  }

  Task<void> look_up_text(Branch* branch) {
    const auto components = branch->address.components();
    const std::string name = "_dnsaddr." + components[0].value_text();
    const auto records = co_await as_result(resolver_.resolve_txt(name));
    branch->error = records ? std::error_code{} : records.error();
    if (!records) co_return;
    const std::vector<Component> suffix(components.begin() + 1, components.end());
    for (const TextRecord& record : *records) {
      auto address = address_in(record, suffix);
      if (address && is_for_peer(*address)) add(branch->children, std::move(*address), branch->depth + 1);
    }
    if (branch->children.empty()) branch->error = Errc::kNotFound;
  }

  Task<void> look_up_ip(Branch* branch) {
    const Component name = branch->address.components().front();
    const Multiaddr rest = joined(with_sni(branch->address, name.value).components(), 1);
    auto asking = branch->code == Protocol::kDns4 ? resolver_.resolve_a(name.value_text())
                                                  : resolver_.resolve_aaaa(name.value_text());
    const auto records = co_await as_result(std::move(asking));
    branch->error = records ? std::error_code{} : records.error();
    if (!records) co_return;
    for (const AddressRecord& record : *records)
      add(branch->children, with_ip(record.address, rest), branch->depth);
  }

  bool is_for_peer(const Multiaddr& address) const {
    const auto named = PeerId::of(address);
    return !peer_ || !named || *named == *peer_;
  }

  Clock& clock_;
  Resolver& resolver_;
  const std::optional<PeerId> peer_;
  const DnsLimits limits_;
  Branches roots_;
  std::size_t branches_ = 0;
  std::size_t queries_ = 0;
  bool found_ = false;  // something to dial
  TaskGroup lookups_;
};

}  // namespace

bool begins_with_name(const Multiaddr& address) {
  return is_name(first_code(address));
}

Task<DnsExpansion> expand_names(Executor executor, Clock& clock, Resolver& resolver,
                                std::optional<PeerId> peer, std::vector<Multiaddr> addresses,
                                DnsLimits limits) {
  Expansion expansion(std::move(executor), clock, resolver, std::move(peer), limits);
  co_await finally(expansion.run(std::move(addresses)), expansion.close());
  co_return expansion.result();
}

}  // namespace warren
