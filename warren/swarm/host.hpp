// The node's place in the network over a swarm: the table of protocols served, the peerstore and our own
// addresses.
#pragma once

#include <map>

#include "warren/core/host.hpp"
#include "warren/swarm/limit_table.hpp"
#include "warren/swarm/swarm.hpp"

namespace warren {

class SwarmHost final : public Host {
 public:
  // All outlive the host.
  SwarmHost(Env& env, const PrivateKey& key, SwarmLimits limits, Upgrader& upgrader,
            std::vector<Transport*> transports, Peerstore& peerstore);

  Result<Multiaddr> listen(const Multiaddr& address) { return swarm_.listen(address); }
  // Ends every connection and waits until nothing runs.
  Task<void> close() { return swarm_.close(); }

  const DialCounters& dial_counters() const { return swarm_.dial_counters(); }
  // What is used of each limit, and how often each refused.
  std::vector<LimitUse> limits() const { return table_.use(); }

  Env& env() override { return env_; }
  const PeerId& peer_id() const override { return peer_id_; }
  const PrivateKey& key() const override { return key_; }
  Peerstore& peerstore() override { return peerstore_; }
  HostEvents& events() override { return events_; }
  std::vector<Multiaddr> addresses() const override;
  void handle(ProtocolId protocol, StreamHandler handler) override;
  void unhandle(const ProtocolId& protocol) override;
  std::vector<ProtocolId> protocols() const override;
  Task<ConnectionPtr> connect(PeerInfo peer) override;
  std::vector<ConnectionPtr> connections(const PeerId& peer) const override {
    return swarm_.connections(peer);
  }
  std::vector<ConnectionPtr> connections() const override { return swarm_.connections(); }

 private:
  // Negotiates an inbound stream's protocol and runs its handler.
  Task<void> serve(ConnectionPtr connection, StreamPtr stream);

  Env& env_;
  const PrivateKey& key_;
  PeerId peer_id_;
  SwarmLimits limits_;
  LimitTable table_;
  Peerstore& peerstore_;
  HostEvents events_;
  std::map<ProtocolId, StreamHandler> handlers_;
  Swarm swarm_;
};

}  // namespace warren
