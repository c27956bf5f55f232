// A bound on something countable (bytes, streams, running handlers), for each peer and for all together.
#pragma once

#include <unordered_map>
#include <utility>

#include "warren/base/assert.hpp"
#include "warren/crypto/peer_id.hpp"

namespace warren {

class PeerQuota {
 public:
  PeerQuota(std::size_t peer_max, std::size_t total_max) : peer_max_(peer_max), total_max_(total_max) {}

  // What one conversation holds; given back when it goes. The quota outlives it.
  class Lease {
   public:
    Lease(PeerQuota& quota, PeerId peer) : quota_(&quota), peer_(std::move(peer)) {}
    Lease(Lease&& other) noexcept
        : quota_(other.quota_), peer_(std::move(other.peer_)), amount_(std::exchange(other.amount_, 0)) {}
    Lease& operator=(Lease&&) = delete;
    ~Lease() { quota_->give_back(peer_, amount_); }

    // Takes more; false, and nothing taken, when that is over either bound.
    bool take(std::size_t more) {
      if (!quota_->take(peer_, more)) return false;
      amount_ += more;
      return true;
    }

   private:
    PeerQuota* quota_;
    PeerId peer_;
    std::size_t amount_ = 0;
  };

  std::size_t used() const { return total_; }
  std::size_t used_by(const PeerId& peer) const {
    const auto found = used_.find(peer);
    return found == used_.end() ? 0 : found->second;
  }

 private:
  bool take(const PeerId& peer, std::size_t amount) {
    if (amount > peer_max_ - used_by(peer) || amount > total_max_ - total_) return false;
    used_[peer] += amount;
    total_ += amount;
    return true;
  }

  void give_back(const PeerId& peer, std::size_t amount) {
    if (amount == 0) return;
    const auto found = used_.find(peer);
    WARREN_ASSERT(found != used_.end() && found->second >= amount);
    total_ -= amount;
    found->second -= amount;
    if (found->second == 0) used_.erase(found);
  }

  std::size_t peer_max_;
  std::size_t total_max_;
  std::size_t total_ = 0;
  std::unordered_map<PeerId, std::size_t> used_;  // peers that hold something
};

}  // namespace warren
