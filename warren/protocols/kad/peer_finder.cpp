#include "warren/protocols/kad/peer_finder.hpp"

#include <algorithm>

#include "warren/protocols/kad/limits.hpp"

namespace warren::kad {

struct PeerFinder::Wanted {
  PeerId id;
  std::vector<Multiaddr> named;  // its addresses, as others tell them
  bool reached = false;

  void add(const std::vector<Multiaddr>& addresses) {
    for (const Multiaddr& address : addresses) {
      if (named.size() == kAddressesToldMax) return;
      if (std::ranges::find(named, address) == named.end()) named.push_back(address);
    }
  }
};

Task<PeerInfo> PeerFinder::find(PeerId peer, LookupReport* report) {
  if (peer == host_.peer_id()) co_return PeerInfo{peer, host_.addresses()};
  if (!host_.connections(peer).empty()) {
    PeerInfo here = known(peer, {});
    if (!here.addresses.empty()) co_return here;  // else it has just dialed us: others may know where it is
  }
  Wanted wanted{.id = peer, .named = {}};
  Ask ask_one = [this, &wanted](PeerInfo other) { return ask(std::move(other), wanted); };
  Enough enough = [&wanted](const Lookup&) { return wanted.reached; };
  const auto asked =
      co_await as_result(search_.run(Key::of(peer), std::move(ask_one), std::move(enough), report));
  if (!wanted.reached && !wanted.named.empty()) {
    // The lookup does not wait for the slow, but this is the one that counts.
    PeerInfo last{peer, wanted.named};
    const auto reached = co_await as_result(reach(std::move(last), wanted));
    if (!reached) throw_error(Errc::kUnreachable, "others know the peer, but it does not answer");
  }
  if (wanted.reached) co_return known(peer, std::move(wanted.named));
  if (!asked) throw_error(asked.error());
  throw_error(Errc::kNotFound, "peer");
}

Task<std::vector<PeerInfo>> PeerFinder::ask(PeerInfo peer, Wanted& wanted) {
  if (peer.id == wanted.id) {
    wanted.add(peer.addresses);
    co_await reach(std::move(peer), wanted);
    co_return std::vector<PeerInfo>{};
  }
  Message question{.type = MessageType::kFindNode, .key = to_bytes(wanted.id.bytes())};
  Message answer = co_await rpc_.ask(std::move(peer), std::move(question));
  for (const PeerInfo& closer : answer.closer) {
    if (closer.id == wanted.id) wanted.add(closer.addresses);
  }
  co_return std::move(answer.closer);
}

Task<void> PeerFinder::reach(PeerInfo peer, Wanted& wanted) {
  co_await with_timeout(host_.env().clock, kDialTimeout, host_.connect(std::move(peer)));
  wanted.reached = true;
}

PeerInfo PeerFinder::known(const PeerId& peer, std::vector<Multiaddr> named) const {
  PeerInfo info{peer, {}};
  for (const ConnectionPtr& connection : host_.connections(peer)) {
    // The port that somebody dials us from is not one to be dialed.
    if (connection->direction() == Direction::kOutbound)
      info.addresses.push_back(connection->remote_address());
  }
  const auto stored = host_.peerstore().addresses(peer, host_.env().clock.now());
  named.insert(named.begin(), stored.begin(), stored.end());
  for (Multiaddr& address : named) {
    if (std::ranges::find(info.addresses, address) == info.addresses.end()) {
      info.addresses.push_back(std::move(address));
    }
  }
  return info;
}

}  // namespace warren::kad
