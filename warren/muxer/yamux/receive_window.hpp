// How many bytes a stream's sender may send: flow control, and the tuner that sizes the window by what the
// stream really carries in a round trip. Pure policy; time comes in as an argument.
#pragma once

#include <cstdint>

#include "warren/muxer/yamux/limits.hpp"

namespace warren::yamux {

// What the windows of one connection may grow together, beyond the initial size of each.
class WindowBudget {
 public:
  explicit WindowBudget(std::uint64_t bytes) : left_(bytes) {}
  // At most `wanted`; what is granted is given back later.
  std::uint64_t take(std::uint64_t wanted);
  void give(std::uint64_t bytes) { left_ += bytes; }
  std::uint64_t left() const { return left_; }

 private:
  std::uint64_t left_;
};

//   |<------------------ size ------------------->|
//   |  unread  |  credit: may still be sent  | renewable |
//
// Renewable bytes become credit by a window update, once they are half of the size. Credit can't be taken
// back, so a window that shrinks does so by not being renewed.
class ReceiveWindow {
 public:
  // Both outlive the window.
  ReceiveWindow(const Limits& limits, WindowBudget& budget, Instant now);
  ~ReceiveWindow() { close(); }
  ReceiveWindow(const ReceiveWindow&) = delete;
  ReceiveWindow& operator=(const ReceiveWindow&) = delete;

  // The sender sent so many bytes. False: it may not.
  bool receive(std::uint32_t bytes, Instant now);

  // The owner read so many bytes. Returns the delta of the window update to send now, or 0. `round_trip` is
  // zero while it is not known.
  std::uint32_t consume(std::uint32_t bytes, Instant now, Duration round_trip);

  // The stream has ended: nothing is renewed any more, and the budget gets its part back.
  void close();

  std::uint32_t size() const { return size_; }
  std::uint32_t credit() const { return credit_; }

 private:
  std::uint32_t outstanding() const { return credit_ + unread_; }
  void tune(Instant now, Duration round_trip);
  void settle();

  const Limits& limits_;
  WindowBudget& budget_;
  std::uint32_t size_ = kInitialWindow;
  std::uint32_t credit_ = kInitialWindow;
  std::uint32_t unread_ = 0;
  std::uint64_t reserved_ = 0;  // of the budget
  std::uint64_t consumed_ = 0;  // since renewed_at_
  Instant renewed_at_;          // when the last window update was sent
  Instant received_at_;
};

}  // namespace warren::yamux
