// Which conversations of ours go over which limited circuit, and what they have promised to send there: each
// fits by itself, and together they would end the circuit for all. What a muxer has taken over is not on the
// circuit yet, so its budget alone does not tell.
#pragma once

#include <algorithm>
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
    // Precondition: the connection has a budget.
    Lease(PathUse& use, const Connection& connection, std::uint64_t bytes)
        : use_(&use), connection_(&connection) {
      const std::uint64_t sent = connection.circuit_budget()->sent;
      Used& used =
          use.used_.try_emplace(connection_, Used{.conversations = 0, .promised = sent}).first->second;
      ++used.conversations;
      used.promised = std::max(used.promised, sent) + bytes;
    }
    Lease(Lease&& other) noexcept
        : use_(std::exchange(other.use_, nullptr)), connection_(other.connection_) {}
    Lease& operator=(Lease&&) = delete;
    ~Lease() {
      if (use_ == nullptr) return;
      const auto found = use_->used_.find(connection_);
      if (--found->second.conversations == 0) use_->used_.erase(found);
      use_->given_back_.notify_all();
    }

   private:
    PathUse* use_ = nullptr;
    const Connection* connection_ = nullptr;
  };

  // Bytes that have been sent over this circuit, or will be when all that is promised is. Precondition: it
  // has a budget.
  std::uint64_t committed(const Connection& connection) const {
    const auto found = used_.find(&connection);
    const std::uint64_t sent = connection.circuit_budget()->sent;
    return found == used_.end() ? sent : std::max(sent, found->second.promised);
  }
  bool is_used(const Connection& connection) const { return used_.contains(&connection); }

  // Until a conversation has ended. Cancelable.
  Task<void> wait_given_back() { return given_back_.wait(); }

 private:
  struct Used {
    std::size_t conversations = 0;
    std::uint64_t promised = 0;  // what will have been sent
  };

  std::map<const Connection*, Used> used_;
  Event given_back_;
};

}  // namespace warren
