// What waits to be written to one peer: bounded by bytes, control before own messages before forwarded ones.
// Pure.
#pragma once

#include <array>
#include <deque>
#include <memory>
#include <utility>
#include <vector>

#include "warren/core/limit.hpp"
#include "warren/protocols/pubsub/router/actions.hpp"

namespace warren::pubsub {

// Each frame that has a tally is counted there once: as sent when it was written, as spared when the peer
// said that it has the message, as dropped in all other cases.
class SendQueue {
 public:
  // Frames that were taken out, to be written in one go. When it goes without having been written, all of
  // them count as dropped.
  class Batch {
   public:
    Batch() = default;
    Batch(Batch&&) noexcept = default;
    Batch& operator=(Batch&& other) noexcept;
    ~Batch();

    // In the order in which they are to be written.
    const std::vector<Frame>& frames() const { return frames_; }
    std::size_t bytes() const { return bytes_; }
    bool empty() const { return frames_.empty(); }
    void written();

   private:
    friend class SendQueue;
    void drop();
    void count(std::shared_ptr<std::uint64_t> bytes_out, std::size_t size);

    std::vector<Frame> frames_;
    std::vector<std::shared_ptr<SendTally>> tallies_;
    std::vector<std::pair<std::shared_ptr<std::uint64_t>, std::size_t>> bytes_out_;  // and how much to add
    std::size_t bytes_ = 0;
  };

  // `account`: bytes of all queues together, which outlives the queue; may be null. Control is not held up by
  // it.
  SendQueue(std::size_t bytes_max, Limit* account) : bytes_max_(bytes_max), account_(account) {}
  // Drops what waits.
  ~SendQueue() { clear(); }
  SendQueue(const SendQueue&) = delete;
  SendQueue& operator=(const SendQueue&) = delete;

  // Where there is no room, forwarded messages are dropped, the oldest first: the peer hears of them from
  // others. An own message that still does not fit is dropped itself; for control own messages are dropped,
  // too. False: control does not fit, and is lost.
  bool push(Send&& send);
  // The peer has these messages.
  void withdraw(const std::vector<MessageId>& messages);
  // What leaves next: at least one frame, unless nothing waits, and no more than fits into `bytes_max`.
  Batch take(std::size_t bytes_max);
  void clear();

  bool empty() const { return bytes_ == 0; }
  std::size_t bytes() const { return bytes_; }
  // Frames that were dropped for want of room.
  std::uint64_t dropped() const { return dropped_; }

 private:
  struct Entry {
    Frame frame;
    // Of the message's id. Who finds two ids with one hash can withdraw the wrong one, but only from the
    // queue of those that he himself is to get.
    std::size_t hash = 0;
    std::shared_ptr<SendTally> tally;
    std::shared_ptr<std::uint64_t> bytes_out;
    bool accounted = false;
  };
  using Lane = std::deque<Entry>;
  static constexpr std::size_t kLanes = 3;

  bool fits(std::size_t size) const;
  bool make_room(std::size_t size, Priority priority);
  void forget(const Entry& entry);
  void drop(const Entry& entry);
  Lane& lane(Priority priority) { return lanes_[static_cast<std::size_t>(priority)]; }

  std::size_t bytes_max_;
  Limit* account_;
  std::array<Lane, kLanes> lanes_;  // by priority
  std::size_t bytes_ = 0;
  std::uint64_t dropped_ = 0;
};

}  // namespace warren::pubsub
