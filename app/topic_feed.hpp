// What came on a topic and waits for one reader of the control API. Lives in the loop.
#pragma once

#include <deque>
#include <variant>
#include <vector>

#include "warren/async/event.hpp"
#include "warren/node/node.hpp"

namespace warren::app {

class TopicFeed {
 public:
  // So far a reader may lag behind; then the oldest are dropped.
  static constexpr std::size_t kKeptMax = 10'000;
  static constexpr std::size_t kKeptBytesMax = 16 * 1024 * 1024;

  using Item = std::variant<TopicMessage, TopicGap>;

  struct Batch {
    std::uint64_t dropped = 0;  // before the first of them
    std::vector<Item> items;
    bool is_last = false;
  };

  // Subscribes; throws what Node::subscribe throws.
  TopicFeed(Node& node, const std::string& topic, TopicOptions options);

  // Some of what waits, oldest first; nothing only in the last batch. One reader at a time. Cancelable.
  Task<Batch> read();

  // Ends the subscription. What waits can still be read.
  void end();
  // So can it not any more; it counts as dropped.
  void give_up();
  // What has not been read.
  std::size_t waiting() const { return kept_.size(); }

 private:
  void keep(Item item);

  std::deque<Item> kept_;
  std::size_t bytes_ = 0;  // of kept_
  std::uint64_t dropped_ = 0;
  bool has_ended_ = false;
  Event changed_;
  Subscription subscription_;
};

}  // namespace warren::app
