#include "warren/protocols/pubsub/dials.hpp"

#include <algorithm>

#include "warren/async/as_result.hpp"
#include "warren/core/address_reach.hpp"
#include "warren/crypto/peer_record.hpp"

namespace warren::pubsub {

namespace {

constexpr std::size_t kDialsMax = 4;
constexpr std::size_t kWaitingMax = 64;
constexpr Duration kDialTimeMax = 15s;
// As long as identify believes what a peer says of itself.
constexpr Duration kRecordLife = 1h;
constexpr std::size_t kAddressesMax = 16;

}  // namespace

void Dials::add(Dial dial) {
  if (waiting_.size() >= kWaitingMax || dial.peer == host_.peer_id()) return;
  if (!host_.connections(dial.peer).empty() || !known_.insert(dial.peer).second) return;
  waiting_.push_back(std::move(dial));
  if (running_ >= kDialsMax) return;
  ++running_;
  tasks_.spawn(dial_waiting());
}

Task<void> Dials::dial_waiting() {
  while (!waiting_.empty()) {
    Dial next = std::move(waiting_.front());
    waiting_.pop_front();
    const PeerId peer = next.peer;
    co_await as_result(with_timeout(host_.env().clock, kDialTimeMax, dial(std::move(next))));
    known_.erase(peer);
  }
  --running_;
}

std::vector<Multiaddr> Dials::plausible(std::vector<Multiaddr> addresses) const {
  AddressScope nearest = AddressScope::kPublic;
  for (const ConnectionPtr& connection : host_.connections()) {
    nearest = std::min(nearest, distance_to(*connection));
  }
  std::erase_if(addresses, [nearest](const Multiaddr& address) {
    const auto scope = scope_of(address);
    return scope && !is_usable(*scope, nearest);
  });
  if (addresses.size() > kAddressesMax) addresses.resize(kAddressesMax);
  return addresses;
}

Task<void> Dials::dial(Dial dial) {
  PeerInfo target{.id = dial.peer, .addresses = {}};
  if (!dial.signed_peer_record.empty()) {
    const auto open = [&dial] { return PeerRecord::open(dial.signed_peer_record); };
    auto record = value_or_throw(co_await host_.env().offload.run(open));
    if (record.peer_id != dial.peer) throw_error(Errc::kPeerIdMismatch, "offered peer");
    record.addresses = plausible(std::move(record.addresses));
    host_.peerstore().add_peer_record(record, host_.env().clock.now() + kRecordLife);
    target.addresses = std::move(record.addresses);
  }
  co_await host_.connect(std::move(target));
}

}  // namespace warren::pubsub
