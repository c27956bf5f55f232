// The peerstore in memory: bounded in peers, in bytes, and in addresses per peer. What changes in it can be
// carried elsewhere, and back after a restart (node/peer_keeper.hpp).
#pragma once

#include <map>
#include <set>

#include "warren/core/peerstore.hpp"
#include "warren/swarm/keyed_limit.hpp"

namespace warren {

struct PeerstoreLimits {
  std::size_t peers_max = 4096;
  // What all peers' addresses, descriptions and keys take: 4096 peers of the usual size, which is 3 KiB. A
  // peer may say 160 KiB of itself.
  std::size_t bytes_max = 12 * 1024 * 1024;
  std::size_t addresses_per_peer_max = 32;  // nodes announce 5 to 20
};

// All that the store knows of one peer.
struct KnownPeer {
  PeerId id;
  std::vector<KnownAddress> addresses;  // expired ones, too
  std::optional<std::uint64_t> record_seq;
  std::optional<PeerDescription> description;
  std::optional<ProtocolId> security;
  std::optional<Duration> latency;
  std::optional<PublicKey> key;  // where the PeerID does not hold it
};

// What became of the peers since somebody asked last.
struct PeerChanges {
  std::vector<KnownPeer> changed;
  std::vector<PeerId> forgotten;
  bool empty() const { return changed.empty() && forgotten.empty(); }
};

// When there are too many peers, those go first that are known by hearsay only (reported addresses, or
// records that they signed; both are free to make up), as long as they are more than a quarter: a flood of
// them pushes out none of those this node was connected to. Of each kind, the one that was not written to for
// longest.
//
// When there are too many addresses of one peer, expired ones go first, then the least trusted: reported ones
// displace neither certified ones nor such that have led to the peer.
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

  std::size_t peers_max() const { return limits_.peers_max; }

  // Forgets all about the peer.
  void forget(const PeerId& peer);
  // Forgets addresses that have expired. Those that have led to their peer within kWorkedLife stay: they are
  // not given out, but they may be all there is after a long sleep (PeerKeeper). To be called now and then.
  void expire(Instant now);

  // What has changed since the last call, at most `max` peers of each kind; the rest comes with the next one.
  PeerChanges take_changes(std::size_t max);
  // What was taken could not be kept: it is to be taken again. Names are enough.
  void give_back(const PeerChanges& changes);
  // Puts back what was written before a restart, without counting it as a change. What became known of the
  // peer since then stays. To be called with those written last at the end: they count as the newest.
  void restore(KnownPeer peer);

  // How long an address that has led to its peer is worth keeping.
  static constexpr Duration kWorkedLife = std::chrono::days(14);

 private:
  struct Entry {
    std::vector<KnownAddress> addresses;
    std::optional<std::uint64_t> record_seq;
    std::optional<PeerDescription> description;
    std::optional<ProtocolId> security;
    std::optional<Duration> latency;
    std::optional<PublicKey> key;
    std::uint64_t touched = 0;
    bool met = false;         // listed among those we have met
    bool changed = false;     // since it was taken
    bool archived = false;    // taken before, or restored
    std::size_t counted = 0;  // addresses, as of the last settle()
    std::size_t bytes = 0;    // likewise
  };
  using Ages = std::map<std::uint64_t, PeerId>;

  // The peer's entry, made when new, and from now on the youngest. settle() follows.
  Entry& touch(const PeerId& peer);
  // Counts the entry anew after a change, and makes room when there is too much.
  void settle(Entry& entry);
  void make_room(const Entry& keep);
  // Who goes next, other than `keep`.
  const PeerId& least_wanted(const Entry& keep) const;
  void add(Entry& entry, const Multiaddr& address, AddressSource source, Instant expires);
  // How much an address must be trusted to take this one's place, and which of equals goes first.
  std::pair<int, Instant> standing(const KnownAddress& address) const;
  // Lists it by age, among its kind.
  void list(Entry& entry, const PeerId& peer, bool met, std::uint64_t touched);
  void show_use();
  static bool is_met(const Entry& entry);
  static std::size_t weight_of(const Entry& entry);

  PeerstoreLimits limits_;
  std::map<PeerId, Entry> entries_;
  Ages met_;
  Ages strangers_;
  std::uint64_t clock_ = 0;
  Instant expired_until_ = Instant::min();
  std::set<PeerId> forgotten_;  // of those archived; at most as many as there were peers
  SizeTally address_counts_;
  std::size_t bytes_ = 0;
  Limit* peers_account_ = nullptr;
  Limit* bytes_account_ = nullptr;
  Limit* addresses_account_ = nullptr;
};

}  // namespace warren
