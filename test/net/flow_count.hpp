// What a router's owner would see of the manners of those behind it: how many flows they begin, and how fast.
// Without I/O and clocks.
#pragma once

#include <compare>
#include <cstdint>
#include <deque>
#include <map>

#include "warren/sim/nat_model.hpp"

namespace warren::net {

class FlowCount {
 public:
  // A packet of a host inside. It begins a flow when there was none between these endpoints for two minutes.
  void goes_out(const sim::NatPacket& packet, Instant now);
  // A packet to the host inside at `inside`: what goes back to where it came from is no new flow.
  void comes_in(const sim::NatPacket& packet, const Endpoint& inside, Instant now);
  // Counts from zero; flows that are there stay known.
  void reset();

  std::uint64_t begun() const { return begun_; }
  // The most that were begun within any second.
  std::uint64_t most_in_a_second() const { return most_in_a_second_; }

 private:
  struct Flow {
    sim::NatProtocol protocol;
    Endpoint inside;
    Endpoint remote;
    auto operator<=>(const Flow&) const = default;
  };
  bool is_new(const Flow& flow, Instant now);

  std::map<Flow, Instant> last_seen_;
  std::deque<Instant> last_second_;
  std::uint64_t begun_ = 0;
  std::uint64_t most_in_a_second_ = 0;
};

}  // namespace warren::net
