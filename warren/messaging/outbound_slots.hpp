// How many conversations of ours with one peer run at a time; more wait for their turn.
#pragma once

#include <unordered_map>
#include <utility>

#include "warren/async/event.hpp"
#include "warren/crypto/peer_id.hpp"

namespace warren {

class OutboundSlots {
 public:
  explicit OutboundSlots(std::size_t peer_max) : peer_max_(peer_max) {}

  class Slot {
   public:
    Slot(OutboundSlots& slots, PeerId peer) : slots_(&slots), peer_(std::move(peer)) {}
    Slot(Slot&& other) noexcept : slots_(std::exchange(other.slots_, nullptr)), peer_(other.peer_) {}
    Slot& operator=(Slot&&) = delete;
    ~Slot() {
      if (slots_) slots_->give_back(peer_);
    }

   private:
    OutboundSlots* slots_;
    PeerId peer_;
  };

  // Cancelable. The slots outlive what this returns.
  Task<Slot> acquire(PeerId peer) {
    while (used_[peer] >= peer_max_) co_await given_back_.wait();
    ++used_[peer];
    co_return Slot(*this, peer);
  }

 private:
  void give_back(const PeerId& peer) {
    const auto found = used_.find(peer);
    if (--found->second == 0) used_.erase(found);
    given_back_.notify_all();
  }

  std::size_t peer_max_;
  std::unordered_map<PeerId, std::size_t> used_;
  Event given_back_;
};

}  // namespace warren
