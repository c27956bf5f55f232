// How many peers are behind one address: P6.
// https://github.com/libp2p/specs/blob/master/pubsub/gossipsub/gossipsub-v1.1.md#the-score-function
#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <utility>

#include "warren/env/endpoint.hpp"

namespace warren::pubsub {

// An IPv4 address, or an IPv6 network of 64 bits, which one machine has for itself.
class Colocation {
 public:
  // Whom `is_exempt` (may be empty) names is in no crowd; nor are loopback and private addresses, which say
  // nothing about who pays for them.
  explicit Colocation(std::function<bool(const IpAddress&)> is_exempt) : is_exempt_(std::move(is_exempt)) {}

  // A peer's place in its crowd; leaves it when destroyed. Must not outlive the Colocation. Empty: in none.
  class Place {
   public:
    Place() = default;
    Place(Place&& other) noexcept;
    Place& operator=(Place&& other) noexcept;
    ~Place() { leave(); }

    // Peers behind the same address, with this one; 0 when in no crowd.
    std::size_t crowd() const { return group_ ? group_->second : 0; }

   private:
    friend class Colocation;
    // Its address and, for IPv6, nothing but the network; peers.
    using Key = std::array<std::uint8_t, 9>;
    using Groups = std::map<Key, std::size_t>;
    Place(Groups* groups, Groups::value_type* group) : groups_(groups), group_(group) {}
    void leave();

    Groups* groups_ = nullptr;
    Groups::value_type* group_ = nullptr;
  };

  Place enter(const std::optional<IpAddress>& from);

  // Addresses that somebody is behind.
  std::size_t size() const { return groups_.size(); }

 private:
  std::function<bool(const IpAddress&)> is_exempt_;
  Place::Groups groups_;
};

}  // namespace warren::pubsub
