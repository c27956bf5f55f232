#include "app/topic_feed.hpp"

namespace warren::app {
namespace {

constexpr std::size_t kBatch = 64;
constexpr std::size_t kBatchBytes = 1024 * 1024;

std::size_t size_of(const TopicFeed::Item& item) {
  const auto* message = std::get_if<TopicMessage>(&item);
  return message == nullptr ? 0 : message->payload.size();
}

}  // namespace

TopicFeed::TopicFeed(Node& node, const std::string& topic, TopicOptions options) {
  TopicHandler handler;
  handler.on_message = [this](const TopicMessage& message) { keep(message); };
  handler.on_gap = [this](const TopicGap& gap) { keep(gap); };
  subscription_ = node.subscribe(topic, std::move(handler), std::move(options));
}

void TopicFeed::keep(Item item) {
  bytes_ += size_of(item);
  kept_.push_back(std::move(item));
  while (kept_.size() > kKeptMax || bytes_ > kKeptBytesMax) {
    bytes_ -= size_of(kept_.front());
    kept_.pop_front();
    ++dropped_;
  }
  changed_.notify_all();
}

Task<TopicFeed::Batch> TopicFeed::read() {
  while (kept_.empty() && !has_ended_) co_await changed_.wait();
  Batch batch{.dropped = std::exchange(dropped_, 0), .items = {}};
  std::size_t bytes = 0;
  while (!kept_.empty() && batch.items.size() < kBatch && bytes < kBatchBytes) {
    bytes += size_of(kept_.front());
    batch.items.push_back(std::move(kept_.front()));
    kept_.pop_front();
  }
  bytes_ -= bytes;
  batch.is_last = has_ended_ && kept_.empty();
  co_return batch;
}

void TopicFeed::end() {
  subscription_.reset();
  has_ended_ = true;
  changed_.notify_all();
}

void TopicFeed::give_up() {
  dropped_ += kept_.size();
  kept_.clear();
  bytes_ = 0;
  end();
}

}  // namespace warren::app
