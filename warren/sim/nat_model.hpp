// What a router with one public address does to packets between its own network and the rest: which address
// and port a flow leaves with (mapping), and what may come in again (filtering), by the names of RFC 4787
// and, for TCP, RFC 5382. Pure: whoever moves the packets asks it. Simulated worlds and the userspace router
// of the tests share it. With `translates` off it is a stateful firewall, as home routers are for IPv6.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "warren/base/time.hpp"
#include "warren/env/endpoint.hpp"
#include "warren/sim/random.hpp"

namespace warren::sim {

enum class NatBehavior { kEndpointIndependent, kAddressDependent, kAddressAndPortDependent };
// Which port a new mapping gets: the inside one when it is free, the next one, or any.
enum class NatPorts { kPreserved, kSequential, kRandom };

struct NatOptions {
  NatBehavior mapping = NatBehavior::kEndpointIndependent;
  NatBehavior filtering = NatBehavior::kAddressAndPortDependent;
  NatPorts ports = NatPorts::kPreserved;
  bool translates = true;  // false: addresses stay, only filtering happens
  bool hairpin = false;    // inside hosts reach each other at the outside address
  bool udp_blocked = false;
  // A closed port answers a SYN from outside with a reset; else with silence.
  bool resets_unwanted_tcp = false;
  // A mapping without packets from inside is forgotten (RFC 4787 REQ-5: at least 2 minutes; many have less).
  Duration udp_timeout = 120s;
  Duration tcp_timeout = std::chrono::minutes(124);  // RFC 5382 REQ-5
  Duration tcp_transitory_timeout = 240s;            // half open, or after FIN or RST
  std::size_t mappings_max = 4096;

  // The types of the laboratory, by their names in test tables: "public" (no NAT at all is not one of
  // these), "full-cone", "address-restricted", "port-restricted", "symmetric-sequential", "symmetric-random",
  // "udp-blocked" (its TCP is port-restricted), "firewall" (translates nothing). Nothing for others.
  static std::optional<NatOptions> of_type(std::string_view name);
};

enum class NatProtocol : std::uint8_t { kUdp, kTcp, kIcmpEcho };  // of an echo the identifier is the port

struct NatPacket {
  NatProtocol protocol = NatProtocol::kUdp;
  Endpoint from;
  Endpoint to;
  // Of TCP.
  bool syn = false;
  bool ack = false;
  bool fin = false;
  bool rst = false;
};

class NatModel {
 public:
  NatModel(std::uint64_t seed, const NatOptions& options, IpAddress outside);
  ~NatModel();
  NatModel(NatModel&&) noexcept;
  NatModel& operator=(NatModel&&) noexcept;

  struct Verdict {
    enum class Kind {
      kDrop,
      kOut,      // goes out, with `from` and `to` as they are now
      kIn,       // goes to the inside
      kRefused,  // an unwanted SYN that is answered by a reset, to where it came from
    };
    Kind kind = Kind::kDrop;
    Endpoint from{};
    Endpoint to{};
  };
  // A packet from inside; kIn when it comes back by hairpinning.
  Verdict from_inside(const NatPacket& packet, Instant now);
  // A packet from outside to the outside address (or, without translation, to an inside one).
  Verdict from_outside(const NatPacket& packet, Instant now);
  // An ICMP error about a packet that had gone out from the outside endpoint `from` to `to`: whose it was.
  std::optional<Endpoint> owner_of(NatProtocol protocol, const Endpoint& from, const Endpoint& to) const;

  const IpAddress& outside() const;
  const NatOptions& options() const;
  std::size_t mappings() const;

  // Forgets all mappings.
  void reboot();
  // Another address from the provider; all mappings are forgotten.
  void set_outside(IpAddress outside);
  // For new mappings and for filtering from now on.
  void set_options(const NatOptions& options);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace warren::sim
