// The inbound handshakes under way. When there are too many, the oldest one makes room for the next: whoever
// means it is done in milliseconds, and who holds a place without a word is gone first.
#pragma once

#include <memory>
#include <vector>

#include "warren/async/event.hpp"
#include "warren/core/limit.hpp"
#include "warren/crypto/peer_id.hpp"
#include "warren/multiformats/multiaddr.hpp"
#include "warren/swarm/access_list.hpp"

namespace warren {

struct Handshake {
  Multiaddr from;
  Access access = Access::kNormal;  // of that address
  std::optional<PeerId> peer;       // as soon as it is known
  bool dropped = false;
  Event was_dropped;

  Task<void> wait_until_dropped() {
    while (!dropped) co_await was_dropped.wait();
  }
};

class HalfOpen {
 public:
  // The limit outlives it.
  explicit HalfOpen(Limit& limit) : limit_(limit) {}

  // A handshake's place, given up when destroyed. The HalfOpen outlives it.
  class Place {
   public:
    Place(HalfOpen* all, std::shared_ptr<Handshake> handshake)
        : all_(all), handshake_(std::move(handshake)) {}
    Place(Place&&) noexcept = default;
    ~Place() {
      if (handshake_) all_->end(handshake_);
    }
    Handshake& operator*() const { return *handshake_; }
    Handshake* operator->() const { return handshake_.get(); }

   private:
    HalfOpen* all_;
    std::shared_ptr<Handshake> handshake_;
  };

  struct Begun {
    std::optional<Place> place;          // none: all places are taken by such as can't be dropped
    std::shared_ptr<Handshake> dropped;  // who had to go, or null; it has been told
  };
  // At the limit, the oldest handshake from an address that is denied is dropped, and if there is none the
  // oldest from one that is not allowed (not for a denied newcomer); that counts as a refusal, as does
  // finding none. Allowed addresses always get a place.
  Begun begin(Multiaddr from, Access access);

  std::size_t size() const { return under_way_.size(); }

 private:
  std::shared_ptr<Handshake> drop_one(Access newcomer);
  void end(const std::shared_ptr<Handshake>& handshake);

  Limit& limit_;
  std::vector<std::shared_ptr<Handshake>> under_way_;  // oldest first
};

}  // namespace warren
