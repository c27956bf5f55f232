// One direction of a link: the simulator's model says when a packet arrives, and here it waits until then.
// Without I/O and clocks, as the model is.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "warren/base/bytes.hpp"
#include "warren/sim/link_model.hpp"

namespace warren::net {

struct WireStats {
  std::uint64_t sent = 0;  // packets that came
  std::uint64_t sent_bytes = 0;
  std::uint64_t delivered = 0;
  std::uint64_t delivered_bytes = 0;
  std::uint64_t lost = 0;  // as the model said: by luck, by the queue, by path_mtu
  std::uint64_t cut = 0;   // while the wire was cut, those on their way included
  Duration late_sum{};     // how long after their arrivals packets were handed over
  Duration late_max{};
};

class Wire {
 public:
  explicit Wire(std::uint64_t seed) : model_(seed) {}

  const sim::LinkOptions& options() const { return model_.options(); }
  void set_options(const sim::LinkOptions& options) { model_.set_options(options); }

  // While it is cut packets are lost, with those that were on their way; nobody is told.
  void cut();
  void mend() { cut_ = false; }

  void send(Instant now, BytesView packet);

  // When the next packet is due.
  std::optional<Instant> next() const;

  // The packet that is due by now, the earliest first; nothing when none is.
  std::optional<Bytes> receive(Instant now);

  // Since the beginning, but late_max: since the last call.
  WireStats take_stats();
  std::size_t on_the_way() const { return packets_.size(); }

 private:
  struct Packet {
    Instant arrival;
    std::uint64_t number;  // of two that arrive at once, the first sent comes first
    Bytes bytes;
  };
  static bool later(const Packet& left, const Packet& right);

  sim::LinkModel model_;
  std::vector<Packet> packets_;  // a heap, the next one on top
  std::size_t bytes_ = 0;        // in packets_
  bool cut_ = false;
  WireStats stats_;
};

}  // namespace warren::net
