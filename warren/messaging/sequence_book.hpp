// The sender's side of the sequence window: numbers for each recipient, and never one so far ahead of a
// message that is still on its way that the recipient would take that one for a replay.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <unordered_map>

#include "warren/messaging/replay_window.hpp"
#include "warren/messaging/sequence_window.hpp"

namespace warren {

class SequenceBook {
 public:
  // `draw_epoch` gives random epochs: one for the start, and another each time that too many recipients were
  // written to.
  explicit SequenceBook(std::function<Epoch()> draw_epoch, std::size_t recipients_max = 65536)
      : draw_epoch_(std::move(draw_epoch)), recipients_max_(recipients_max), epoch_(draw_epoch_()) {}

  struct Ticket {
    NodeKey recipient{};
    Epoch epoch{};
    std::uint64_t seq = 0;
  };

  // The next number, which is on its way until done(). std::nullopt: wait for one that is.
  std::optional<Ticket> take(const NodeKey& recipient) {
    if (!counters_.contains(recipient) && counters_.size() >= recipients_max_) {
      counters_.clear();
      epoch_ = draw_epoch_();
    }
    Counter& counter = counters_[recipient];
    const std::uint64_t seq = counter.last + 1;
    if (!counter.under_way.empty() && seq - *counter.under_way.begin() >= SequenceWindow::kSize) {
      return std::nullopt;
    }
    counter.last = seq;
    counter.under_way.insert(seq);
    return Ticket{recipient, epoch_, seq};
  }

  void done(const Ticket& ticket) {
    if (ticket.epoch != epoch_) return;
    const auto found = counters_.find(ticket.recipient);
    if (found != counters_.end()) found->second.under_way.erase(ticket.seq);
  }

 private:
  struct Counter {
    std::uint64_t last = 0;
    std::set<std::uint64_t> under_way;
  };

  std::function<Epoch()> draw_epoch_;
  std::size_t recipients_max_;
  Epoch epoch_;
  std::unordered_map<NodeKey, Counter, ArrayHash> counters_;
};

}  // namespace warren
