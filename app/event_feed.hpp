// Keeps the latest events of the node, and lets several readers wait for the next one. Lives in the loop.
#pragma once

#include <deque>
#include <vector>

#include "warren/async/event.hpp"
#include "warren/node/node.hpp"

namespace warren::app {

class EventFeed {
 public:
  // So much a reader may lag behind; an event takes about 1 KiB.
  static constexpr std::size_t kKept = 1000;

  struct Numbered {
    std::uint64_t number = 0;  // from 1 on
    NodeEvent event;
  };

  // `node` outlives this object.
  explicit EventFeed(Node& node)
      : subscription_(node.on_event([this](const NodeEvent& event) { keep(event); })) {}

  // Some events with a number above `after`, oldest first; waits for one if there is none and `wait` is set.
  // Where the first number is not `after` + 1, those between were dropped. Cancelable.
  Task<std::vector<Numbered>> read(std::uint64_t after, bool wait) {
    while (wait && latest_ <= after) co_await changed_.wait();
    std::vector<Numbered> batch;
    for (const Numbered& kept : kept_) {
      if (batch.size() == kBatch) break;
      if (kept.number > after) batch.push_back(kept);
    }
    co_return batch;
  }

 private:
  static constexpr std::size_t kBatch = 64;

  void keep(const NodeEvent& event) {
    if (kept_.size() == kKept) kept_.pop_front();
    kept_.push_back({++latest_, event});
    changed_.notify_all();
  }

  std::deque<Numbered> kept_;
  std::uint64_t latest_ = 0;
  Event changed_;
  Subscription subscription_;
};

}  // namespace warren::app
