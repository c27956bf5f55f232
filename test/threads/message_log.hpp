// What on_message told, gathered on the node's thread and asked on another.
#pragma once

#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <string>

#include "warren/node/blocking_node.hpp"

namespace warren::threads_test {

class MessageLog {
 public:
  void add(const InboxMessage& message) {
    const std::lock_guard lock(mutex_);
    ++times_[to_text(message.payload)];
    ++total_;
    changed_.notify_all();
  }

  // False when there are not that many within a minute, which only a broken node needs.
  bool wait_for(std::size_t messages) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::minutes(1), [&] { return total_ >= messages; });
  }

  // How often each text came.
  std::map<std::string, int> times() const {
    const std::lock_guard lock(mutex_);
    return times_;
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, int> times_;
  std::size_t total_ = 0;
};

}  // namespace warren::threads_test
