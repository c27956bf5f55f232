#include "warren/protocols/pubsub/score/colocation.hpp"

#include <algorithm>

#include "warren/core/address_scope.hpp"

namespace warren::pubsub {

Colocation::Place::Place(Place&& other) noexcept
    : groups_(std::exchange(other.groups_, nullptr)), group_(std::exchange(other.group_, nullptr)) {}

Colocation::Place& Colocation::Place::operator=(Place&& other) noexcept {
  if (this == &other) return *this;
  leave();
  groups_ = std::exchange(other.groups_, nullptr);
  group_ = std::exchange(other.group_, nullptr);
  return *this;
}

void Colocation::Place::leave() {
  if (group_ && --group_->second == 0) groups_->erase(groups_->find(group_->first));
  groups_ = nullptr;
  group_ = nullptr;
}

Colocation::Place Colocation::enter(const std::optional<IpAddress>& from) {
  if (!from || scope_of(*from) == AddressScope::kLoopback || scope_of(*from) == AddressScope::kPrivate) {
    return {};
  }
  if (is_exempt_ && is_exempt_(*from)) return {};
  Place::Key key = {};
  key[0] = from->is_v4() ? 4 : 6;
  std::ranges::copy(from->bytes().first(from->is_v4() ? 4 : 8), key.begin() + 1);
  Place::Groups::value_type& group = *groups_.try_emplace(key, 0).first;
  ++group.second;
  return {&groups_, &group};
}

}  // namespace warren::pubsub
