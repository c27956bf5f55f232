#include "warren/protocols/kad/told_peers.hpp"

#include "warren/protocols/kad/address_policy.hpp"
#include "warren/protocols/kad/limits.hpp"
#include "warren/protocols/kad/wire/message.hpp"

namespace warren::kad {

namespace {

std::size_t index_of(AddressScope scope) {
  if (scope == AddressScope::kLoopback) return 0;
  return scope == AddressScope::kPrivate ? 1 : 2;
}

}  // namespace

PeerInfo ToldPeers::info(const PeerId& peer, AddressScope scope) const {
  std::vector<Multiaddr> known = peer == host_.peer_id()
                                     ? host_.addresses()
                                     : host_.peerstore().addresses(peer, host_.env().clock.now());
  PeerInfo info{peer, allowed(config_.filter, scope, std::move(known))};
  if (info.addresses.size() > kAddressesToldMax) info.addresses.resize(kAddressesToldMax);
  return info;
}

const Bytes& ToldPeers::closer_field(const PeerId& peer, AddressScope scope, Instant now) {
  sweep(now);
  if (fields_.empty()) until_ = now + kToldAddressesLife;
  std::optional<Bytes>& field = fields_[peer][index_of(scope)];
  if (!field) {
    // A message of the first type, which is not written, consists of what else is in it.
    Message message{.type = MessageType::kPutValue};
    PeerInfo told = info(peer, scope);
    if (!told.addresses.empty()) message.closer.push_back(std::move(told));
    field = message.encode();
  }
  return *field;
}

void ToldPeers::sweep(Instant now) {
  if (now < until_ || fields_.empty()) return;
  fields_ = {};
}

}  // namespace warren::kad
