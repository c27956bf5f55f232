// A bounded queue between tasks of one loop: senders wait while it is full, the receiver while it is empty.
#pragma once

#include <deque>
#include <optional>
#include <utility>

#include "warren/async/event.hpp"
#include "warren/base/error.hpp"

namespace warren {

template <class T>
class Channel {
 public:
  explicit Channel(std::size_t capacity) : capacity_(capacity) {}

  // Waits for room. Throws kClosed when the channel is, or gets, closed. Cancelable.
  Task<void> send(T item) {
    while (!closed_ && items_.size() >= capacity_) co_await changed_.wait();
    if (closed_) throw_error(Errc::kClosed);
    push(std::move(item));
  }

  // False when there is no room, or the channel is closed.
  bool try_send(T item) {
    if (closed_ || items_.size() >= capacity_) return false;
    push(std::move(item));
    return true;
  }

  // The oldest item; std::nullopt when the channel is closed and empty. Cancelable.
  Task<std::optional<T>> receive() {
    while (items_.empty() && !closed_) co_await changed_.wait();
    if (items_.empty()) co_return std::nullopt;
    std::optional<T> item(std::move(items_.front()));
    items_.pop_front();
    changed_.notify_all();
    co_return item;
  }

  // No more sends; what is queued can still be received.
  void close() {
    closed_ = true;
    changed_.notify_all();
  }

  bool closed() const { return closed_; }
  std::size_t size() const { return items_.size(); }

 private:
  void push(T item) {
    items_.push_back(std::move(item));
    changed_.notify_all();
  }

  std::size_t capacity_;
  std::deque<T> items_;
  Event changed_;
  bool closed_ = false;
};

}  // namespace warren
