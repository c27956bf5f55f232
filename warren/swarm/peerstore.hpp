// The peerstore in memory: bounded in peers, in bytes, and in addresses per peer.
#pragma once

#include <map>

#include "warren/core/peerstore.hpp"
#include "warren/swarm/keyed_limit.hpp"

namespace warren {

struct PeerstoreLimits {
  std::size_t peers_max = 4096;
  // What all peers' addresses and descriptions take: 4096 peers of the usual size, which is 3 KiB. A peer may
  // say 160 KiB of itself.
  std::size_t bytes_max = 12 * 1024 * 1024;
  std::size_t addresses_per_peer_max = 32;  // nodes announce 5 to 20
};

class MemoryPeerstore final : public Peerstore {
 public:
  explicit MemoryPeerstore(PeerstoreLimits limits = {}) : limits_(limits) {}

  // Takes the node's limits in place of its own and keeps their account: peers, bytes, and the most addresses
  // of any peer. What is forgotten or not taken counts as refused. Called before anything is stored; the
  // limits are alive as long as the store is written to.
  void account(Limit& peers, Limit& bytes, Limit& addresses_per_peer);

  void add_addresses(const PeerId& peer, const std::vector<Multiaddr>& addresses, AddressSource source,
                     Instant expires) override;
  bool add_peer_record(const PeerRecord& record, Instant expires) override;
  std::optional<std::uint64_t> peer_record_seq(const PeerId& peer) const override;
  std::vector<Multiaddr> addresses(const PeerId& peer, Instant now) const override;
  std::vector<KnownAddress> known_addresses(const PeerId& peer, Instant now) const override;
  void note_dial(const PeerId& peer, const Multiaddr& address, bool success, Instant now) override;
  void set_description(const PeerId& peer, PeerDescription description) override;
  std::optional<PeerDescription> description(const PeerId& peer) const override;
  void set_security(const PeerId& peer, ProtocolId security) override;
  std::optional<ProtocolId> security(const PeerId& peer) const override;
  void note_latency(const PeerId& peer, Duration round_trip_time) override;
  std::optional<Duration> latency(const PeerId& peer) const override;
  void set_key(const PublicKey& key) override;
  std::optional<PublicKey> key(const PeerId& peer) const override;
  std::vector<PeerId> peers() const override;

 private:
  struct Entry {
    std::vector<KnownAddress> addresses;
    std::optional<std::uint64_t> record_seq;
    std::optional<PeerDescription> description;
    std::optional<ProtocolId> security;
    std::optional<Duration> latency;
    std::optional<PublicKey> key;
    std::uint64_t touched = 0;
    std::size_t bytes = 0;  // as counted by weigh()
  };

  // The peer's entry, made when new; the entry that was not written to for longest makes room.
  Entry& touch(const PeerId& peer);
  void add(Entry& entry, const Multiaddr& address, AddressSource source, Instant expires);
  void forget_oldest();
  void resized(std::size_t before, std::size_t after);
  static std::size_t weight_of(const Entry& entry);
  // After a change of this entry: those that were not written to for longest make room for it.
  void weigh(Entry& entry);

  PeerstoreLimits limits_;
  std::map<PeerId, Entry> entries_;
  std::map<std::uint64_t, PeerId> by_age_;
  std::uint64_t clock_ = 0;
  SizeTally address_counts_;
  std::size_t bytes_ = 0;
  Limit* peers_account_ = nullptr;
  Limit* bytes_account_ = nullptr;
  Limit* addresses_account_ = nullptr;
};

}  // namespace warren
