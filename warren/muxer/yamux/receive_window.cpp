#include "warren/muxer/yamux/receive_window.hpp"

#include <algorithm>

namespace warren::yamux {
namespace {

// The window is made to hold this many round trips of the rate at which the stream is read. Two would keep a
// steady sender busy, as updates are sent when half is used up; the rest lets the rate rise.
constexpr double kRoundTrips = 4;

// A window is halved when this part of it would do, and has done for kShrinkAfter.
constexpr double kShrinkBelow = 0.25;
constexpr Duration kShrinkAfter = 2s;

}  // namespace

std::uint64_t WindowBudget::take(std::uint64_t wanted) {
  const std::uint64_t granted = std::min(wanted, left_);
  left_ -= granted;
  return granted;
}

ReceiveWindow::ReceiveWindow(const Limits& limits, WindowBudget& budget, Instant now)
    : limits_(limits), budget_(budget), renewed_at_(now), received_at_(now) {}

bool ReceiveWindow::receive(std::uint32_t bytes, Instant now) {
  if (bytes > credit_) return false;
  if (now - received_at_ >= limits_.window_idle) {
    size_ = kInitialWindow;
    renewed_at_ = now;
    consumed_ = 0;
  }
  received_at_ = now;
  credit_ -= bytes;
  unread_ += bytes;
  return true;
}

std::uint32_t ReceiveWindow::consume(std::uint32_t bytes, Instant now, Duration round_trip) {
  unread_ -= bytes;
  consumed_ += bytes;
  if (outstanding() > size_ / 2) {
    settle();
    return 0;
  }
  tune(now, round_trip);
  const std::uint32_t delta = size_ - std::min(size_, outstanding());
  credit_ += delta;
  consumed_ = 0;
  renewed_at_ = now;
  settle();
  return delta;
}

void ReceiveWindow::tune(Instant now, Duration round_trip) {
  const Duration elapsed = std::max<Duration>(now - renewed_at_, 1us);
  const double round_trips = std::chrono::duration<double>(elapsed) /
                             std::chrono::duration<double>(std::max(round_trip, limits_.round_trip_min));
  const double wanted = kRoundTrips * static_cast<double>(consumed_) / round_trips;
  if (wanted > size_) {
    // At most twofold at a time, measured by what was really sent: one burst is no reason for the maximum.
    const std::uint64_t ceiling =
        std::min<std::uint64_t>(limits_.window_max, 2 * std::max<std::uint64_t>(size_, consumed_));
    const auto target = static_cast<std::uint64_t>(std::min(wanted, static_cast<double>(ceiling)));
    const std::uint64_t had = kInitialWindow + reserved_;
    if (target > had) reserved_ += budget_.take(target - had);
    size_ = std::max(size_, static_cast<std::uint32_t>(std::min(target, kInitialWindow + reserved_)));
  } else if (wanted < kShrinkBelow * size_ && elapsed >= kShrinkAfter) {
    size_ = std::max(kInitialWindow, size_ / 2);
  }
}

// Gives back what neither the size nor the credit that is out there needs any more.
void ReceiveWindow::settle() {
  const std::uint64_t needed = std::max(size_, outstanding()) - kInitialWindow;
  if (needed >= reserved_) return;
  budget_.give(reserved_ - needed);
  reserved_ = needed;
}

void ReceiveWindow::close() {
  budget_.give(reserved_);
  reserved_ = 0;
}

}  // namespace warren::yamux
