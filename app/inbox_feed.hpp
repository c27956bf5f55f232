// Lets several readers of the inbox wait for the next message. Lives in the loop.
#pragma once

#include "warren/async/event.hpp"
#include "warren/node/node.hpp"

namespace warren::app {

class InboxFeed {
 public:
  // `node` outlives this object.
  explicit InboxFeed(Node& node)
      : node_(node),
        subscription_(node.on_message([this](const InboxMessage& message) { notice(message); })) {}

  // Some messages with a number above `after`, oldest first; waits for one if there is none and `wait` is
  // set. Cancelable.
  Task<std::vector<InboxMessage>> read(std::uint64_t after, bool wait) {
    while (true) {
      const std::uint64_t seen = latest_;
      std::vector<InboxMessage> messages = co_await node_.inbox(after, kBatch);
      if (!messages.empty() || !wait) co_return messages;
      while (latest_ == seen) co_await changed_.wait();
    }
  }

 private:
  // A batch is also bounded in bytes (InboxStore::read_after).
  static constexpr std::size_t kBatch = 64;

  void notice(const InboxMessage& message) {
    latest_ = message.number;
    changed_.notify_all();
  }

  Node& node_;
  Event changed_;
  std::uint64_t latest_ = 0;  // of those that came since the start
  Subscription subscription_;
};

}  // namespace warren::app
