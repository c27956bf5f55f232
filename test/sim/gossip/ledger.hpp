// What was published, who got it and when, and what that cost each honest node.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <vector>

#include "test/sim/gossip/event_queue.hpp"

namespace warren::gossip_sim {

struct Publication {
  NodeIndex publisher = kNobody;
  Instant at{};
  bool is_valid = true;
  bool is_measured = false;  // copies and bytes of its time count
  std::vector<float> ms;     // by node: until it was delivered; negative: never
  std::vector<std::uint8_t> hops;
};

// Of one node, while something is measured.
struct Cost {
  std::uint64_t copies = 0;  // messages that came, with duplicates
  std::uint64_t unique = 0;  // of these: new and accepted
  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_out = 0;
  std::uint64_t control_out = 0;  // of bytes_out: of frames without a message
};

// Of many deliveries; sorted.
struct Deliveries {
  std::uint64_t wanted = 0;
  std::vector<float> ms;           // those in time
  std::vector<std::uint8_t> hops;  // likewise
  // The share that was delivered, in time, or even within so many milliseconds.
  double rate() const { return rate(std::numeric_limits<float>::max()); }
  double rate(float within_ms) const;
};

template <typename T>
double percentile(const std::vector<T>& sorted, double share) {
  if (sorted.empty()) return 0;
  const auto index = static_cast<std::size_t>(share * static_cast<double>(sorted.size()));
  return static_cast<double>(sorted[index < sorted.size() ? index : sorted.size() - 1]);
}

class Ledger {
 public:
  // `honest` nodes are numbered first, then `sybils`.
  Ledger(std::size_t honest, std::size_t sybils);

  std::size_t honest() const { return costs_.size(); }
  bool is_honest(NodeIndex node) const { return node < honest(); }

  // --- what happens ---
  std::uint32_t publish(NodeIndex publisher, Instant now, bool is_valid);
  const Publication& publication(std::uint32_t message) const { return publications_[message]; }
  std::size_t publications() const { return publications_.size(); }
  // `node`, honest or not, has the message now. False: it had it before.
  bool deliver(std::uint32_t message, NodeIndex node, std::uint8_t hops, Instant now);
  std::uint8_t hops(std::uint32_t message, NodeIndex node) const { return publications_[message].hops[node]; }
  void came(NodeIndex node, std::uint32_t message, std::size_t bytes);
  void went(NodeIndex node, std::uint32_t message, std::size_t bytes);
  void set_online(NodeIndex node, bool online, Instant now);
  // From here on costs count, or not.
  void measure(bool on) { measuring_ = on; }

  // --- what came of it ---
  // Of the messages published from `from` to before `to`: to each honest node that was online from 5 s before
  // until the deadline, and that `counts` says so of.
  using Counts = std::function<bool(NodeIndex publisher, NodeIndex receiver)>;
  Deliveries deliveries(Instant from, Instant to, Duration deadline, const Counts& counts) const;
  const std::vector<Cost>& costs() const { return costs_; }

 private:
  struct Stay {
    Instant from{};
    Instant to = Instant::max();
  };
  bool was_online(NodeIndex node, Instant from, Instant to) const;

  std::size_t all_;
  bool measuring_ = false;
  std::vector<Publication> publications_;
  std::vector<Cost> costs_;
  std::vector<std::vector<Stay>> stays_;
};

}  // namespace warren::gossip_sim
