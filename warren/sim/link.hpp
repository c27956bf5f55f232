// The line between two machines, both ways. TCP's packets all arrive, those of one connection in order,
// though late when the model loses one: retransmission is not simulated, only what it costs. Datagrams arrive
// as the model says, or not.
#pragma once

#include <array>
#include <deque>
#include <functional>
#include <map>

#include "warren/sim/link_model.hpp"
#include "warren/sim/loop.hpp"
#include "warren/sim/packet.hpp"

namespace warren::sim {

class Link {
 public:
  // `deliver` takes what has arrived, and the direction it went.
  using Deliver = std::function<void(int direction, Packet)>;
  Link(Loop& loop, std::uint64_t seed, Duration delay, Deliver deliver);

  // One way, for both directions. What is on its way already keeps its own arrival, and is not overtaken.
  void set_delay(Duration delay);
  void set_options(int direction, const LinkOptions& options) {
    directions_[direction].model.set_options(options);
  }
  const LinkOptions& options(int direction) const { return directions_[direction].model.options(); }

  // Datagrams are lost, and everything else passes: a firewall without UDP.
  void block_udp(bool blocked) { udp_blocked_ = blocked; }

  void cut();
  void mend();

  // Takes the packet in direction 0 or 1. While the line is cut, TCP's wait and datagrams are lost, with
  // those that were on their way.
  void send(int direction, Packet packet);

 private:
  // The packets of one connection on their way.
  struct Lane {
    std::deque<Packet> queue;
    Instant last_arrival{};
  };
  struct Direction {
    LinkModel model;
    std::map<std::uint64_t, Lane> lanes;  // by connection
  };
  void send_datagram(int direction, Packet packet);
  void schedule(int direction, std::uint64_t connection, const Packet& packet);
  void arrive(int direction, std::uint64_t connection);

  Loop& loop_;
  Deliver deliver_;
  std::array<Direction, 2> directions_;
  bool cut_ = false;
  bool udp_blocked_ = false;
  std::uint64_t cuts_ = 0;  // arrivals that were planned before the last cut do not happen
};

}  // namespace warren::sim
