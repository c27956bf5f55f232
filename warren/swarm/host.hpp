// The node's place in the network over a swarm: the table of protocols served, the peerstore and our own
// addresses.
#pragma once

#include <map>

#include "warren/core/host.hpp"
#include "warren/core/punch.hpp"
#include "warren/swarm/announced_addresses.hpp"
#include "warren/swarm/swarm.hpp"
#include "warren/swarm/swarm_state.hpp"

namespace warren {

class SwarmHost final : public Host, public PunchDialer {
 public:
  // All outlive the host.
  SwarmHost(Env& env, const PrivateKey& key, SwarmLimits limits, Upgrader& upgrader, Transports transports,
            Peerstore& peerstore);

  Result<Multiaddr> listen(const Multiaddr& address);
  // Addresses besides those of our interfaces, which addresses() gives from now on: mapped and verified ones,
  // circuits. They replace what the same source has told before; an empty list takes it back. Bounded, and
  // each counts once (AnnouncedAddresses). Tells addresses_changed when there is a change.
  void announce(const std::string& source, std::vector<Multiaddr> addresses);
  // To be called when this machine's links or addresses have changed, and routes have settled. Peers that had
  // dialed an address that is gone are dialed from where we are now.
  void network_changed();
  // Ends every connection and waits until nothing runs.
  Task<void> close();

  // What is used of each limit, and how often each refused.
  std::vector<LimitUse> limits();
  // For parts of the node that account for limits themselves.
  LimitTable& limit_table() { return state_.table; }
  const SwarmCounters& counters() const { return state_.counters; }

  // Who is let in whatever the limits say, and who never is. It holds for what comes; enforce_access() closes
  // the connections that are denied by now: call it after a change, and when a peer's node becomes known.
  AccessList& access() { return state_.access; }
  void enforce_access() { swarm_.enforce_access(); }
  // How the list's entries for nodes are matched with peers; without it, they match nobody.
  void resolve_nodes_with(NodeResolver node_of) { state_.node_of = std::move(node_of); }

  Env& env() override { return env_; }
  const PeerId& peer_id() const override { return peer_id_; }
  const PrivateKey& key() const override { return key_; }
  Peerstore& peerstore() override { return peerstore_; }
  HostEvents& events() override { return state_.events; }
  std::vector<Multiaddr> addresses() const override;
  void handle(ProtocolId protocol, StreamHandler handler) override;
  void unhandle(const ProtocolId& protocol) override;
  std::vector<ProtocolId> protocols() const override;
  Task<ConnectionPtr> connect(PeerInfo peer) override {
    return connect_over(PathPolicy::kAny, std::move(peer));
  }
  Task<ConnectionPtr> connect_over(PathPolicy policy, PeerInfo peer) override;
  Task<PunchOutcome> punch(PunchCall call) override { return swarm_.punch(std::move(call)); }
  std::vector<ConnectionPtr> connections(const PeerId& peer) const override {
    return swarm_.connections(peer);
  }
  std::vector<ConnectionPtr> connections() const override { return swarm_.connections(); }
  // Below the high mark nothing is closed (ConnectionManager).
  Result<> protect(const PeerId& peer, std::string_view tag) override {
    return state_.manager.protect(peer, tag);
  }
  bool unprotect(const PeerId& peer, std::string_view tag) override {
    return state_.manager.unprotect(peer, tag);
  }

 private:
  Task<void> dial_back(PeerInfo peer);
  // What a connection tells of its peer goes to the peerstore.
  void note_address(const Connection& connection);
  void note_connected(const Connection& connection);
  void note_round_trip(const Connection& connection);
  // Negotiates an inbound stream's protocol and runs its handler.
  Task<void> serve(ConnectionPtr connection, StreamPtr stream);

  Env& env_;
  const PrivateKey& key_;
  PeerId peer_id_;
  Peerstore& peerstore_;
  SwarmState state_;
  std::map<ProtocolId, StreamHandler> handlers_;
  AnnouncedAddresses announced_;
  Swarm swarm_;
  TaskGroup dialing_back_;
  std::vector<Subscription> subscriptions_;
};

}  // namespace warren
