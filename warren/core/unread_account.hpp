// What one connection holds received and not read, within its own limit and within that of all connections.
#pragma once

#include <algorithm>

#include "warren/core/limit.hpp"

namespace warren {

// Of one connection, in bytes.
struct UnreadBounds {
  std::size_t max = 0;
  // What it may hold even when all connections together hold too much.
  std::size_t reserve = 0;
};

// The accounts that all connections of a node share; either may be missing. They outlive the connections.
struct UnreadLimits {
  Limit* all = nullptr;
  // Its `used` is the most that any connection has held.
  Limit* per_connection = nullptr;
};

class UnreadAccount {
 public:
  UnreadAccount(UnreadBounds bounds, UnreadLimits shared) : bounds_(bounds), shared_(shared) {}
  ~UnreadAccount() { remove(size_); }
  UnreadAccount(const UnreadAccount&) = delete;
  UnreadAccount& operator=(const UnreadAccount&) = delete;

  // False, and nothing is added, when there is no room. A connection that holds little always has some: who
  // hoards takes nothing from the others.
  bool add(std::size_t bytes) {
    const std::size_t size = size_ + bytes;
    if (size > bounds_.max) {
      if (shared_.per_connection != nullptr) shared_.per_connection->refuse();
      return false;
    }
    if (shared_.all != nullptr) {
      const std::uint64_t all = shared_.all->used() + bytes;
      if (all > shared_.all->max() && size > bounds_.reserve) {
        shared_.all->refuse();
        return false;
      }
      shared_.all->set_used(all);
    }
    size_ = size;
    if (shared_.per_connection != nullptr) {
      shared_.per_connection->set_used(std::max<std::uint64_t>(shared_.per_connection->used(), size));
    }
    return true;
  }

  void remove(std::size_t bytes) {
    size_ -= bytes;
    if (shared_.all != nullptr) shared_.all->give(bytes);
  }

  std::size_t size() const { return size_; }

 private:
  const UnreadBounds bounds_;
  UnreadLimits shared_;
  std::size_t size_ = 0;
};

}  // namespace warren
