#include "app/broadcast_window.hpp"

#include "warren/async/as_result.hpp"

namespace warren::app {

Task<bool> BroadcastWindow::begin(std::shared_ptr<BroadcastWindow> window, WantedBroadcast wanted) {
  const std::size_t size = wanted.payload.size();
  while (!window->has_room(size) && !window->given_up_) co_await window->changed_.wait();
  if (window->given_up_) co_return false;
  const Slot slot = std::make_shared<UnderWay>(UnderWay{size, std::nullopt});
  window->bytes_ += size;
  window->slots_.push_back(slot);
  window->tasks_.spawn(perform(window, slot, std::move(wanted)));
  window->changed_.notify_all();
  co_return true;
}

bool BroadcastWindow::has_room(std::size_t size) const {
  if (slots_.empty()) return true;
  return slots_.size() < kUnderWayMax && bytes_ + size <= kUnderWayBytesMax;
}

Task<void> BroadcastWindow::perform(std::shared_ptr<BroadcastWindow> window, Slot slot,
                                    WantedBroadcast wanted) {
  auto work = window->send_(std::move(wanted));
  auto outcome = co_await as_outcome(std::move(work));
  slot->outcome = std::move(outcome);
  window->changed_.notify_all();
}

void BroadcastWindow::no_more() {
  no_more_ = true;
  changed_.notify_all();
}

void BroadcastWindow::give_up() {
  given_up_ = true;
  changed_.notify_all();
}

Task<std::optional<BroadcastReport>> BroadcastWindow::next() {
  while (slots_.empty() && !no_more_) co_await changed_.wait();
  if (slots_.empty()) co_return std::nullopt;
  const Slot oldest = slots_.front();
  while (!oldest->outcome) co_await changed_.wait();
  slots_.pop_front();
  bytes_ -= oldest->size;
  changed_.notify_all();
  if (!*oldest->outcome) throw oldest->outcome->error();
  co_return std::move(**oldest->outcome);
}

}  // namespace warren::app
