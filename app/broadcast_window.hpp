// Several broadcasts of one caller under way at a time, so that a slow peer does not hold up those that
// follow; their reports are in the order in which they began. Lives in the loop.
#pragma once

#include <deque>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <system_error>

#include "warren/async/event.hpp"
#include "warren/async/task_group.hpp"
#include "warren/broadcast/topic.hpp"

namespace warren::app {

struct WantedBroadcast {
  std::string topic;
  Bytes payload;
  BroadcastOptions options;
};

class BroadcastWindow {
 public:
  static constexpr std::size_t kUnderWayMax = 32;
  // Or one that is larger. Well below what may wait for a peer (topic_queue_bytes_per_peer_max), so that a
  // program which sends as fast as it can waits for its peers, and overruns none that keeps on reading.
  static constexpr std::size_t kUnderWayBytesMax = 512 * 1024;

  using Send = std::function<Task<BroadcastReport>(WantedBroadcast wanted)>;

  // `tasks` outlives it, and what `send` refers to outlives the tasks.
  BroadcastWindow(Send send, TaskGroup& tasks) : send_(std::move(send)), tasks_(tasks) {}

  // Waits for room, and begins; returns at once then. False: the caller has given up. Cancelable.
  static Task<bool> begin(std::shared_ptr<BroadcastWindow> window, WantedBroadcast wanted);
  // No more will begin.
  void no_more();
  // Nobody asks for reports any more.
  void give_up();

  // The report of the oldest that has not been reported, when it has ended; nothing after the last. Throws
  // what it failed with. Cancelable.
  Task<std::optional<BroadcastReport>> next();

 private:
  struct UnderWay {
    std::size_t size = 0;  // of the payload
    std::optional<std::expected<BroadcastReport, std::system_error>> outcome;
  };
  using Slot = std::shared_ptr<UnderWay>;

  bool has_room(std::size_t size) const;
  static Task<void> perform(std::shared_ptr<BroadcastWindow> window, Slot slot, WantedBroadcast wanted);

  Send send_;
  TaskGroup& tasks_;
  std::deque<Slot> slots_;
  std::size_t bytes_ = 0;  // of these
  bool no_more_ = false;
  bool given_up_ = false;
  Event changed_;
};

}  // namespace warren::app
