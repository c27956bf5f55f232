// The DNS of a simulated world: records that scenarios set and change, answered after a delay of virtual
// time. Names that are set to nothing do not exist; others can be made to fail.
//
//   sim::Dns dns(world.clock());
//   dns.set("node.example", {bob.address()});
//   dns.set_text("_dnsaddr.example", {"dnsaddr=/ip4/192.0.2.7/tcp/4001"});
#pragma once

#include <map>
#include <optional>

#include "warren/env/clock.hpp"
#include "warren/env/resolver.hpp"

namespace warren::sim {

class Dns final : public Resolver {
 public:
  // How long a name that times out takes for it, as a stub resolver does that asks twice.
  static constexpr Duration kTimeout = 10s;

  explicit Dns(Clock& clock, Duration delay = 20ms) : clock_(clock), delay_(delay) {}

  // Replaces the name's addresses, of both families. Names are not case-sensitive.
  void set(const std::string& name, std::vector<IpAddress> addresses, Duration ttl = 60s);
  void set_text(const std::string& name, std::vector<std::string> texts, Duration ttl = 60s);
  // "_warren._udp.example"; each record with a TTL of its own.
  void set_srv(const std::string& name, std::vector<ServiceRecord> records);
  // Every query for the name throws this, kTimedOut after kTimeout and others after the delay; std::nullopt
  // ends it.
  void set_error(const std::string& name, std::optional<Errc> error);
  // Of this name's answers only.
  void set_delay(const std::string& name, Duration delay);

  // Queries so far.
  std::size_t queries() const { return queries_; }

  Task<std::vector<AddressRecord>> resolve_a(std::string name) override;
  Task<std::vector<AddressRecord>> resolve_aaaa(std::string name) override;
  Task<std::vector<TextRecord>> resolve_txt(std::string name) override;
  Task<std::vector<ServiceRecord>> resolve_srv(std::string name) override;

 private:
  struct Zone {
    std::vector<AddressRecord> addresses;
    std::vector<TextRecord> texts;
    std::vector<ServiceRecord> services;
    std::optional<Errc> error;
    std::optional<Duration> delay;
  };

  Zone& zone(const std::string& name);
  Task<std::vector<AddressRecord>> resolve(std::string name, bool v4);
  // Waits as long as the answer takes, and throws the name's error.
  Task<void> ask(std::string name);

  Clock& clock_;
  Duration delay_;
  std::map<std::string, Zone> zones_;
  std::size_t queries_ = 0;
};

}  // namespace warren::sim
