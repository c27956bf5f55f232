// The router at one end of a link: a NAT for IPv4, a firewall for IPv6, either or none. sim::NatModel
// decides; this reads and rewrites packets, and is a hop on their way. Without I/O and clocks.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "test/net/flow_count.hpp"
#include "warren/base/bytes.hpp"
#include "warren/sim/nat_model.hpp"

namespace warren::net {

struct GatewayStats {
  std::uint64_t out = 0;
  std::uint64_t in = 0;
  std::uint64_t hairpinned = 0;
  std::uint64_t filtered = 0;    // the model let it through neither way
  std::uint64_t refused = 0;     // answered by a reset
  std::uint64_t unreadable = 0;  // fragments, other protocols, malformed
  std::uint64_t expired = 0;     // had no hop left
};

class Gateway {
 public:
  explicit Gateway(std::uint64_t seed) : seed_(seed) {}

  enum class Way {
    kDrop,
    kOn,    // to the other side
    kBack,  // to where it came from: a hairpinned packet, or the answer to one
  };
  // Rewrites the packet in place; `packet` is all of it.
  Way from_inside(MutableBytes packet, Instant now);
  // With kBack, `packet` is the answer.
  Way from_outside(Bytes& packet, Instant now);

  // A command's words: changes the router, or says what is wrong with them and changes nothing.
  //
  //   v4|v6 NAME VALUE...   NatOptions by their names (nat_settings.hpp), and `outside ADDRESS`, which a
  //                         router that translates needs first; `type NAME` first sets all others
  //   v4|v6 off             packets pass, as before the first command
  //   reboot                all mappings are forgotten
  //   recount               all counters are zero
  std::optional<std::string> command(std::string_view words);

  // A JSON object: for each router the outside address and the mappings, and the counters; among these
  // "flows", which hosts inside began, and "flows_per_second_max".
  std::string stats() const;
  const GatewayStats& counters() const { return stats_; }

 private:
  std::optional<sim::NatModel>& router(bool v4) { return v4 ? v4_ : v6_; }
  Way error_from_inside(MutableBytes packet, sim::NatModel& nat, Instant now);
  Way error_from_outside(MutableBytes packet, sim::NatModel& nat);
  Way unreadable();
  Way expired();
  std::optional<std::string> set(bool v4, std::string_view words);

  std::uint64_t seed_;
  std::optional<sim::NatModel> v4_;
  std::optional<sim::NatModel> v6_;
  GatewayStats stats_;
  FlowCount flows_;
};

}  // namespace warren::net
