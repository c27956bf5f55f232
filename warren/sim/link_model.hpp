// What the way between two machines does to packets, in one direction: it delays some, drops some, and lets
// them wait for a line that is slower than they come. Pure: whoever moves the packets asks it when each
// arrives. Simulated worlds and the userspace router of the tests share it.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>

#include "warren/base/time.hpp"
#include "warren/sim/random.hpp"

namespace warren::sim {

struct LinkOptions {
  Duration delay = 10ms;
  Duration jitter{};      // added to the delay: anything up to this, evenly; packets keep their order
  double loss = 0;        // the fraction that is lost, each by its own luck
  double reordering = 0;  // the fraction that comes later by held_back, so that others overtake it
  Duration held_back = 5ms;
  std::uint64_t rate = 0;  // bits a second; 0: no limit
  // Bytes that may wait for the line, those of the packet on it included. A packet that comes to a full queue
  // is dropped; to an empty one, never.
  std::size_t queue = 256 * 1024;
  // The largest packet, IP header included; 0: any. Of larger ones the sender is told (`mtu`, its own
  // link's), or they are lost on the way (`path_mtu`).
  std::size_t mtu = 0;
  std::size_t path_mtu = 0;
};

class LinkModel {
 public:
  explicit LinkModel(std::uint64_t seed, const LinkOptions& options = {})
      : options_(options), random_(seed) {}

  // For the packets from now on. Those on the way keep their arrival, and are not overtaken.
  void set_options(const LinkOptions& options);
  const LinkOptions& options() const { return options_; }

  // When a packet of `size` bytes, IP header included, that sets out `now` arrives; nothing when it is lost.
  // `now` never goes back. `mtu` is left to the caller.
  std::optional<Instant> send(Instant now, std::size_t size);

  // The same for a transport that is not simulated itself but sends again what was lost, never sends more
  // than the queue takes, and knows the path's MTU: TCP. Each loss costs a time-out of max(200 ms, 2 round
  // trips), twice the last one when it is the same packet's, and after ten of them it gets through. What is
  // sent again takes no more of the line.
  Instant send_reliably(Instant now, std::size_t size, Duration round_trip);

 private:
  struct Waiting {
    Instant leaves;  // the line
    std::size_t size;
  };

  bool happens(double fraction);
  Instant travel(Instant left);
  Instant leave(Instant now, std::size_t size);

  LinkOptions options_;
  SeededRandom random_;
  std::deque<Waiting> waiting_;  // for the line or on it; those of send() only
  std::size_t waiting_bytes_ = 0;
  Instant line_free_{};
  std::uint64_t remainder_ = 0;  // of the division that gave line_free_, so that roundings do not add up
  Instant last_arrival_{};
};

}  // namespace warren::sim
