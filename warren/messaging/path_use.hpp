// Which conversations of ours go over which limited circuit, and how many bytes they are still going to send:
// each fits by itself, and together they would end the circuit for all.
#pragma once

#include <cstdint>
#include <map>
#include <utility>

#include "warren/async/event.hpp"
#include "warren/core/connection.hpp"

namespace warren {

class PathUse {
 public:
  // One conversation's; given back when destroyed. Holds nothing when default-constructed. Outlived by the
  // PathUse and the connection.
  class Lease {
   public:
    Lease() = default;
    Lease(PathUse& use, const Connection& connection, std::uint64_t bytes)
        : use_(&use), connection_(&connection), bytes_(bytes) {
      Used& used = use.used_[connection_];
      ++used.conversations;
      used.bytes += bytes;
    }
    Lease(Lease&& other) noexcept
        : use_(std::exchange(other.use_, nullptr)),
          connection_(other.connection_),
          bytes_(std::exchange(other.bytes_, 0)) {}
    Lease& operator=(Lease&&) = delete;
    ~Lease() {
      if (use_ == nullptr) return;
      sent();
      if (--use_->used_[connection_].conversations == 0) use_->used_.erase(connection_);
      use_->given_back_.notify_all();
    }

    // All is sent; the answer is awaited.
    void sent() {
      if (use_ != nullptr) use_->used_[connection_].bytes -= std::exchange(bytes_, 0);
    }

   private:
    PathUse* use_ = nullptr;
    const Connection* connection_ = nullptr;
    std::uint64_t bytes_ = 0;
  };

  // To be sent over this connection.
  std::uint64_t bytes(const Connection& connection) const { return used(connection).bytes; }
  bool is_used(const Connection& connection) const { return used(connection).conversations > 0; }

  // Until a conversation has ended. Cancelable.
  Task<void> wait_given_back() { return given_back_.wait(); }

 private:
  struct Used {
    std::size_t conversations = 0;
    std::uint64_t bytes = 0;
  };
  Used used(const Connection& connection) const {
    const auto found = used_.find(&connection);
    return found == used_.end() ? Used{} : found->second;
  }

  std::map<const Connection*, Used> used_;
  Event given_back_;
};

}  // namespace warren
