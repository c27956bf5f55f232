#include "warren/node/reach.hpp"

#include <algorithm>

#include "warren/async/as_result.hpp"

namespace warren {

namespace {

// Whether other addresses may help: a peer that was there and refused stays there.
bool was_not_there(std::error_code error) {
  for (const Errc code : {Errc::kUnreachable, Errc::kNoAddresses, Errc::kTimedOut, Errc::kRefused,
                          Errc::kPeerIdMismatch, Errc::kNoTransport, Errc::kNoReservation, Errc::kRelayFailed,
                          Errc::kRelayFull, Errc::kRelayDenied, Errc::kNoDirectPath}) {
    if (error == make_error_code(code)) return true;
  }
  return false;
}

bool any_new(const std::vector<Multiaddr>& found, const std::vector<Multiaddr>& tried) {
  return std::ranges::any_of(
      found, [&](const Multiaddr& address) { return std::ranges::find(tried, address) == tried.end(); });
}

bool is_connected(const Host& host, const PeerId& peer, PathPolicy policy) {
  return std::ranges::any_of(host.connections(peer), [policy](const ConnectionPtr& connection) {
    return policy != PathPolicy::kDirectOnly || !is_circuit(connection->remote_address());
  });
}

}  // namespace

Task<Reached> name_peer(Discovery::Parts* discovery, Target target) {
  if (target.info() != nullptr) co_return Reached{*target.info(), std::nullopt};
  if (target.peer() != nullptr) co_return Reached{PeerInfo{*target.peer(), {}}, std::nullopt};
  const NodeId node = *target.node();
  const auto known = co_await discovery->needs.messaging.find_peer(node);
  if (known) co_return Reached{PeerInfo{*known, {}}, node};
  const PeerId found = co_await discovery->look_up_node(node, nullptr);
  co_return Reached{PeerInfo{found, {}}, node};
}

Task<Reached> reach(Discovery::Parts* discovery, Target target, PathPolicy policy) {
  Host& host = discovery->needs.host;
  auto to = co_await name_peer(discovery, std::move(target));
  std::vector<Multiaddr> tried = host.peerstore().addresses(to.peer.id, host.env().clock.now());
  tried.insert(tried.end(), to.peer.addresses.begin(), to.peer.addresses.end());
  const bool connected = is_connected(host, to.peer.id, policy);
  discovery->note_use(to.peer.id, connected || !tried.empty());
  if (connected && policy != PathPolicy::kPreferDirect) co_return to;
  std::system_error failure(make_error_code(Errc::kNoAddresses), to.peer.id.to_string());
  if (!tried.empty() || to.peer.id == host.peer_id()) {
    const auto connection = co_await as_outcome(host.connect_over(policy, to.peer));
    if (connection) co_return to;
    failure = connection.error();
    if (!was_not_there(failure.code())) throw failure;
  }
  ++discovery->cache.lookups;
  const auto found = co_await discovery->look_up_addresses(to.peer.id, nullptr);
  if (!any_new(found.addresses, tried)) throw failure;
  PeerInfo there{to.peer.id, found.addresses};
  co_await host.connect_over(policy, std::move(there));
  co_return to;
}

}  // namespace warren
