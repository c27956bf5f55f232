#define CARES_NO_DEPRECATED  // see ares_channel.cpp

#include "warren/env/real/resolver.hpp"

#include <ares.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <optional>

#include "warren/env/real/ares_channel.hpp"
#include "warren/env/real/dns_answer.hpp"
#include "warren/env/real/srv_answer.hpp"
#include "warren/env/real/txt_answer.hpp"

namespace warren::real {

namespace {

constexpr int kTypeTxt = 16;
constexpr int kTypeSrv = 33;

Errc translate_status(int status) {
  switch (status) {
    case ARES_SUCCESS: return Errc::kOk;
    case ARES_ENODATA:
    case ARES_ENOTFOUND:
    case ARES_ENONAME: return Errc::kNotFound;
    case ARES_ETIMEOUT: return Errc::kTimedOut;
    case ARES_EBADNAME:
    case ARES_EBADQUERY:
    case ARES_EBADSTR: return Errc::kBadAddress;
    case ARES_EBADRESP: return Errc::kMalformed;
    case ARES_ECANCELLED:
    case ARES_EDESTRUCTION: return Errc::kClosed;
    default: return Errc::kUnreachable;  // refused, SERVFAIL, no server there
  }
}

std::optional<IpAddress> address_of(const ares_addrinfo_node& node) {
  if (node.ai_family == AF_INET) {
    std::array<std::uint8_t, 4> bytes;
    std::memcpy(bytes.data(), &reinterpret_cast<const sockaddr_in*>(node.ai_addr)->sin_addr, bytes.size());
    return IpAddress::v4(bytes);
  }
  if (node.ai_family == AF_INET6) {
    std::array<std::uint8_t, 16> bytes;
    std::memcpy(bytes.data(), &reinterpret_cast<const sockaddr_in6*>(node.ai_addr)->sin6_addr, bytes.size());
    return IpAddress::v6(bytes);
  }
  return std::nullopt;
}

std::vector<AddressRecord> records_of(const ares_addrinfo& info) {
  std::vector<AddressRecord> records;
  for (const ares_addrinfo_node* node = info.nodes; node != nullptr; node = node->ai_next) {
    const auto address = address_of(*node);
    if (address && records.size() < kDnsRecordsMax)
      records.push_back({*address, std::chrono::seconds(std::max(node->ai_ttl, 0))});
  }
  return records;
}

}  // namespace

struct SystemResolver::Query {
  std::optional<std::error_code> outcome;
  std::vector<AddressRecord> addresses;
  std::vector<TextRecord> texts;
  std::vector<ServiceRecord> services;
  Event answered;

  void finish(Errc error) {
    outcome = error == Errc::kOk ? std::error_code{} : make_error_code(error);
    answered.notify_all();
  }

  static void on_addresses(void* self, int status, int, ares_addrinfo* info) noexcept {
    Query& query = *static_cast<Query*>(self);
    const std::unique_ptr<ares_addrinfo, void (*)(ares_addrinfo*)> owned(info, ares_freeaddrinfo);
    if (status == ARES_SUCCESS && info != nullptr) query.addresses = records_of(*info);
    const bool nothing = status == ARES_SUCCESS && query.addresses.empty();
    query.finish(nothing ? Errc::kNotFound : translate_status(status));
  }

  static void on_texts(void* self, int status, int, unsigned char* answer, int size) noexcept {
    Query& query = *static_cast<Query*>(self);
    query.take(status, {answer, static_cast<std::size_t>(size)}, &parse_txt_answer, query.texts);
  }

  static void on_services(void* self, int status, int, unsigned char* answer, int size) noexcept {
    Query& query = *static_cast<Query*>(self);
    query.take(status, {answer, static_cast<std::size_t>(size)}, &parse_srv_answer, query.services);
  }

 private:
  template <class Record>
  void take(int status, BytesView answer, Result<std::vector<Record>> (*parse)(BytesView),
            std::vector<Record>& to) {
    if (status != ARES_SUCCESS) return finish(translate_status(status));
    auto records = parse(answer);
    if (!records) return finish(static_cast<Errc>(records.error().value()));
    to = std::move(*records);
    finish(Errc::kOk);
  }
};

// One of the queries under way, for as long as it lives.
class SystemResolver::Place {
 public:
  explicit Place(SystemResolver& resolver) : resolver_(resolver) { ++resolver_.under_way_; }
  ~Place() {
    --resolver_.under_way_;
    resolver_.place_free_.notify_all();
  }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;

 private:
  SystemResolver& resolver_;
};

// A channel for each query: it is the only thing that the library can cancel, and it reads the configuration
// when it is made, and never again.
Task<void> SystemResolver::ask(std::string name, Begin begin, Query& query) {
  if (name.empty() || name.size() > kDnsNameMax || name.contains('\0')) throw_error(Errc::kBadAddress, name);
  while (under_way_ >= options_.queries_max) co_await place_free_.wait();
  const Place place(*this);
  AresChannel channel(executor_, options_);
  begin(channel.get(), name.c_str(), query);
  channel.watch_timer();
  while (!query.outcome) co_await query.answered.wait();
  if (*query.outcome) throw_error(*query.outcome, name);
}

Task<std::vector<AddressRecord>> SystemResolver::ask_addresses(std::string name, int family) {
  const Begin begin = [family](ares_channeldata* channel, const char* asked, Query& query) {
    ares_addrinfo_hints hints{};
    hints.ai_family = family;
    hints.ai_flags = ARES_AI_NOSORT;
    ares_getaddrinfo(channel, asked, nullptr, &hints, &Query::on_addresses, &query);
  };
  Query query;
  co_await ask(std::move(name), begin, query);
  co_return std::move(query.addresses);
}

Task<std::vector<AddressRecord>> SystemResolver::resolve_a(std::string name) {
  return ask_addresses(std::move(name), AF_INET);
}

Task<std::vector<AddressRecord>> SystemResolver::resolve_aaaa(std::string name) {
  return ask_addresses(std::move(name), AF_INET6);
}

Task<std::vector<TextRecord>> SystemResolver::resolve_txt(std::string name) {
  const Begin begin = [](ares_channeldata* channel, const char* asked, Query& query) {
    ares_query(channel, asked, kClassInternet, kTypeTxt, &Query::on_texts, &query);
  };
  Query query;
  co_await ask(std::move(name), begin, query);
  co_return std::move(query.texts);
}

Task<std::vector<ServiceRecord>> SystemResolver::resolve_srv(std::string name) {
  const Begin begin = [](ares_channeldata* channel, const char* asked, Query& query) {
    ares_query(channel, asked, kClassInternet, kTypeSrv, &Query::on_services, &query);
  };
  Query query;
  co_await ask(std::move(name), begin, query);
  co_return std::move(query.services);
}

}  // namespace warren::real
