#include "warren/swarm/half_open.hpp"

#include <algorithm>

namespace warren {

HalfOpen::Begun HalfOpen::begin(Multiaddr from, Access access) {
  Begun begun;
  if (under_way_.size() >= limit_.max()) {
    limit_.refuse();
    begun.dropped = drop_one(access);
    if (!begun.dropped && access != Access::kAllowed) return begun;
  }
  auto handshake = std::make_shared<Handshake>();
  handshake->from = std::move(from);
  handshake->access = access;
  under_way_.push_back(handshake);
  limit_.set_used(under_way_.size());
  begun.place.emplace(this, std::move(handshake));
  return begun;
}

std::shared_ptr<Handshake> HalfOpen::drop_one(Access newcomer) {
  for (const Access kind : {Access::kDenied, Access::kNormal}) {
    if (kind == Access::kNormal && newcomer == Access::kDenied) break;
    const auto found = std::ranges::find(under_way_, kind, [](const auto& h) { return h->access; });
    if (found == under_way_.end()) continue;
    auto handshake = *found;
    handshake->dropped = true;
    handshake->was_dropped.notify_all();
    end(handshake);
    return handshake;
  }
  return nullptr;
}

void HalfOpen::end(const std::shared_ptr<Handshake>& handshake) {
  std::erase(under_way_, handshake);
  limit_.set_used(under_way_.size());
}

}  // namespace warren
