// Names to addresses: the system's DNS (env/real), or a simulated one (sim/dns.hpp).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "warren/async/task.hpp"
#include "warren/base/time.hpp"
#include "warren/env/endpoint.hpp"

namespace warren {

struct AddressRecord {
  IpAddress address;
  Duration ttl{};  // how long the answer may be kept; 0 for what does not come from DNS (/etc/hosts)
  bool operator==(const AddressRecord&) const = default;
};

struct TextRecord {
  std::string text;  // the record's strings joined; any bytes
  Duration ttl{};
  bool operator==(const TextRecord&) const = default;
};

// Where a service of a domain runs (RFC 2782).
struct ServiceRecord {
  std::uint16_t priority = 0;  // the least is asked first
  std::uint16_t weight = 0;    // of equal priority: the share of those who ask
  std::uint16_t port = 0;
  std::string target;  // a name, without the dot at its end
  Duration ttl{};
  bool operator==(const ServiceRecord&) const = default;
};

// Bounds of one answer; what is over them is left out.
inline constexpr std::size_t kDnsRecordsMax = 100;
inline constexpr std::size_t kDnsTextMax = 2048;  // a multiaddr has 1024 bytes at most

// Each call asks afresh and keeps nothing, so that a name whose addresses change is followed. At least one
// record is returned, in the order of the answer. Throws kNotFound when the name or such a record does not
// exist, kTimedOut when no server answered in time, kUnreachable when servers answered that they cannot tell,
// kBadAddress for what is no name, kMalformed for a broken answer. Cancelable. Whoever calls ends before the
// resolver does.
class Resolver {
 public:
  virtual ~Resolver() = default;

  virtual Task<std::vector<AddressRecord>> resolve_a(std::string name) = 0;
  virtual Task<std::vector<AddressRecord>> resolve_aaaa(std::string name) = 0;
  virtual Task<std::vector<TextRecord>> resolve_txt(std::string name) = 0;
  // "_warren._udp.example.com"
  virtual Task<std::vector<ServiceRecord>> resolve_srv(std::string name) = 0;
};

}  // namespace warren
