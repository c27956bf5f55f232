// One of thousands of hosts in one process: protocols run on it as on a real one (core/host.hpp); below them
// is only a pipe with the pair's latency. See crowd.hpp.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "warren/async/task_group.hpp"
#include "warren/core/host.hpp"
#include "warren/sim/crowd.hpp"
#include "warren/sim/host_peerstore.hpp"

namespace warren::sim {

class PlainLink;

class PlainHost : public Host {
 public:
  // Crowd::add_host makes them.
  PlainHost(Crowd& crowd, const std::optional<PeerId>& named);
  // Closed before.
  ~PlainHost() override;

  std::uint32_t number() const { return number_; }
  bool is_alive() const { return alive_; }

  // Dies: from now on nothing of it reaches anybody, who dials it waits in vain, and others' connections to
  // it end when they notice. Its own streams are broken at once.
  void die();
  // Dies, if it did not yet, and waits for the handlers to end. What speaks on it must have been closed.
  Task<void> close();
  // Lives again, under its old name and address, after close(). Handlers are those of before.
  void revive();

  // As if the two had been connected for a moment, without a cost or a delay: to begin a simulation with
  // hosts that know each other.
  void meet(PlainHost& other);

  Env& env() override { return env_; }
  const PeerId& peer_id() const override { return peer_id_; }
  // Made when it is first asked for. Precondition: a host that was not named.
  const PrivateKey& key() const override;
  Peerstore& peerstore() override { return peerstore_; }
  HostEvents& events() override { return events_; }
  std::vector<Multiaddr> addresses() const override { return {crowd_.address_of(number_)}; }

  void handle(ProtocolId protocol, StreamHandler handler) override;
  void unhandle(const ProtocolId& protocol) override;
  std::vector<ProtocolId> protocols() const override;

  // Besides the addresses given, those in the peerstore. Takes handshake_round_trips, or dial_limit where
  // nobody lives. Both ends then know what the other speaks, as after identify.
  Task<ConnectionPtr> connect(PeerInfo peer) override;
  Task<ConnectionPtr> connect_over(PathPolicy /*policy*/, PeerInfo peer) override {
    return connect(std::move(peer));  // there are no relays here
  }
  std::vector<ConnectionPtr> connections(const PeerId& peer) const override;
  std::vector<ConnectionPtr> connections() const override;
  Result<> protect(const PeerId& peer, std::string_view tag) override;
  bool unprotect(const PeerId& peer, std::string_view tag) override;

 private:
  friend class Crowd;
  friend class PlainLink;

  using LinkPtr = std::shared_ptr<PlainLink>;

  // A connection and which side of it we are. The end of the peer's name finds it: there are many calls.
  struct Linked {
    LinkPtr link;
    std::uint64_t tag = 0;
    std::size_t side = 0;
  };
  static std::uint64_t tag_of(const PeerId& peer);
  const Linked* linked(const PeerId& peer) const;
  // Learns from a new connection, and closes the one used longest ago if there are too many.
  void enter(const LinkPtr& link);
  void leave(const LinkPtr& link);
  void make_room();
  bool is_protected(const PeerId& peer) const { return protected_.contains(peer); }
  const StreamHandler* handler(const ProtocolId& protocol) const;

  Crowd& crowd_;
  std::uint32_t number_;
  SeededRandom random_;
  Env env_;
  std::array<std::uint8_t, 32> seed_{};
  PeerId peer_id_;
  bool named_ = false;
  bool alive_ = true;
  mutable std::unique_ptr<PrivateKey> key_;
  CompactPeerstore peerstore_;
  HostEvents events_;
  std::vector<std::pair<ProtocolId, StreamHandler>> handlers_;
  std::vector<Linked> links_;
  std::map<PeerId, std::map<std::string, int, std::less<>>> protected_;
  std::unique_ptr<TaskGroup> tasks_;
};

}  // namespace warren::sim
