#include "warren/protocols/pubsub/send_queue.hpp"

#include <algorithm>
#include <functional>
#include <utility>

namespace warren::pubsub {

// --- Batch ---

SendQueue::Batch& SendQueue::Batch::operator=(Batch&& other) noexcept {
  drop();
  frames_ = std::move(other.frames_);
  tallies_ = std::move(other.tallies_);
  bytes_out_ = std::exchange(other.bytes_out_, {});
  bytes_ = std::exchange(other.bytes_, 0);
  return *this;
}

SendQueue::Batch::~Batch() {
  drop();
}

void SendQueue::Batch::written() {
  for (const auto& tally : std::exchange(tallies_, {})) tally->count(&SendTally::sent);
  for (const auto& [counter, size] : std::exchange(bytes_out_, {})) *counter += size;
}

void SendQueue::Batch::count(std::shared_ptr<std::uint64_t> bytes_out, std::size_t size) {
  if (bytes_out_.empty() || bytes_out_.back().first != bytes_out)
    bytes_out_.emplace_back(std::move(bytes_out), 0);
  bytes_out_.back().second += size;
}

void SendQueue::Batch::drop() {
  for (const auto& tally : std::exchange(tallies_, {})) tally->count(&SendTally::dropped);
}

// --- SendQueue ---

bool SendQueue::fits(std::size_t size) const {
  return bytes_ + size <= bytes_max_ && (account_ == nullptr || account_->max() - account_->used() >= size);
}

// Drops what gives way to this priority, until there is room.
bool SendQueue::make_room(std::size_t size, Priority priority) {
  Lane& forwarded = lane(Priority::kForwarded);
  while (!fits(size) && !forwarded.empty()) {
    drop(forwarded.front());
    forwarded.pop_front();
  }
  Lane& own = lane(Priority::kOwn);
  while (priority == Priority::kControl && bytes_ + size > bytes_max_ && !own.empty()) {
    drop(own.back());
    own.pop_back();
  }
  return priority == Priority::kControl ? bytes_ + size <= bytes_max_ : fits(size);
}

bool SendQueue::push(Send&& send) {
  const std::size_t size = send.frame->size();
  Entry entry{.frame = std::move(send.frame),
              .hash = 0,
              .tally = std::move(send.tally),
              .bytes_out = std::move(send.bytes_out)};
  if (!fits(size) && !make_room(size, send.priority)) {
    if (account_ != nullptr) account_->refuse();
    ++dropped_;
    if (entry.tally) entry.tally->count(&SendTally::dropped);
    return send.priority != Priority::kControl;
  }
  entry.accounted = account_ != nullptr && account_->max() - account_->used() >= size && account_->take(size);
  if (!send.message.empty()) entry.hash = std::hash<std::string>()(send.message);
  bytes_ += size;
  lane(send.priority).push_back(std::move(entry));
  return true;
}

void SendQueue::withdraw(const std::vector<MessageId>& messages) {
  if (lane(Priority::kOwn).empty() && lane(Priority::kForwarded).empty()) return;
  std::vector<std::size_t> hashes;
  hashes.reserve(messages.size());
  for (const MessageId& id : messages) hashes.push_back(std::hash<std::string>()(id));
  std::ranges::sort(hashes);
  const auto is_spared = [&](const Entry& entry) {
    if (!std::ranges::binary_search(hashes, entry.hash)) return false;
    forget(entry);
    if (entry.tally) entry.tally->count(&SendTally::spared);
    return true;
  };
  std::erase_if(lane(Priority::kOwn), is_spared);
  std::erase_if(lane(Priority::kForwarded), is_spared);
}

SendQueue::Batch SendQueue::take(std::size_t bytes_max) {
  Batch batch;
  for (Lane& lane : lanes_) {
    while (!lane.empty()) {
      Entry& entry = lane.front();
      const std::size_t size = entry.frame->size();
      if (!batch.empty() && batch.bytes_ + size > bytes_max) return batch;
      forget(entry);
      batch.bytes_ += size;
      batch.frames_.push_back(std::move(entry.frame));
      if (entry.tally) batch.tallies_.push_back(std::move(entry.tally));
      if (entry.bytes_out) batch.count(std::move(entry.bytes_out), size);
      lane.pop_front();
    }
  }
  return batch;
}

void SendQueue::clear() {
  for (Lane& lane : lanes_) {
    for (const Entry& entry : lane) drop(entry);
    lane.clear();
  }
}

void SendQueue::forget(const Entry& entry) {
  bytes_ -= entry.frame->size();
  if (entry.accounted) account_->give(entry.frame->size());
}

void SendQueue::drop(const Entry& entry) {
  forget(entry);
  ++dropped_;
  if (entry.tally) entry.tally->count(&SendTally::dropped);
}

}  // namespace warren::pubsub
