// How many circuits go through this relay, and from or to whom. Policy only.
#pragma once

#include "warren/crypto/peer_id.hpp"
#include "warren/protocols/relay/keyed_account.hpp"

namespace warren::relay {

class CircuitTable {
 public:
  // The limits bound all circuits and those that begin or end at one peer, and outlive this.
  CircuitTable(Limit& total, Limit& per_peer) : total_(total), per_peer_(per_peer) {}

  // One circuit's place, given back when destroyed. The table outlives it.
  class Place {
   public:
    // False: the limit in question has counted a refusal. Precondition: two different peers.
    Place(CircuitTable& table, const PeerId& from, const PeerId& to) : table_(table), from_(from), to_(to) {
      taken_ = table_.take(from_, to_);
    }
    ~Place() {
      if (taken_) table_.give(from_, to_);
    }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    explicit operator bool() const { return taken_; }

   private:
    CircuitTable& table_;
    PeerId from_, to_;
    bool taken_ = false;
  };

  std::size_t size() const { return size_; }
  std::uint64_t count(const PeerId& peer) const { return per_peer_.count(peer); }

 private:
  bool take(const PeerId& from, const PeerId& to) {
    if (!per_peer_.has_room(from) || !per_peer_.has_room(to)) {
      per_peer_.refuse();
      return false;
    }
    if (!total_.take()) return false;
    per_peer_.add(from);
    per_peer_.add(to);
    ++size_;
    return true;
  }
  void give(const PeerId& from, const PeerId& to) {
    per_peer_.remove(from);
    per_peer_.remove(to);
    total_.give();
    --size_;
  }

  Limit& total_;
  KeyedAccount<PeerId> per_peer_;
  std::size_t size_ = 0;
};

}  // namespace warren::relay
