// The routing table: up to k peers for each length of the prefix that they share with this node. Pure policy:
// whoever talks to peers tells it what came of it. Peers that are of use stay, newcomers take free places and
// those of the dead and the useless: nobody is pushed out by being new.
// https://github.com/libp2p/specs/blob/master/kad-dht/README.md#kademlia-routing-table
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "warren/base/time.hpp"
#include "warren/crypto/peer_id.hpp"
#include "warren/protocols/kad/routing/diversity.hpp"
#include "warren/protocols/kad/routing/key.hpp"
#include "warren/protocols/kad/routing/preimage.hpp"

namespace warren::kad {

struct TableLimits {
  std::size_t bucket = 20;  // k
  // Peers of one block of addresses. They hold once the table has k peers of other blocks: a network that
  // lives within one block works, and who is over the limit from that time is the first to be replaced.
  DiversityLimits alike;
  // A peer that is not connected and was of no use for so long may be replaced. Several refreshes: each of
  // them asks the whole bucket.
  Duration useful_for = std::chrono::hours(1);
};

class RoutingTable {
 public:
  // 136 bytes; addresses are the peerstore's.
  struct Entry {
    PeerId peer;
    Key key;
    Instant added{};
    Instant useful{};  // when its answer last helped; at first, when it was added
    Instant heard{};
    Instant tried{};  // when it last failed, or was last to be probed
    IpGroups groups;
    std::uint8_t failures = 0;  // since it was heard; not 0: suspect, and named to nobody
    bool connected = false;
  };

  enum class Add {
    kNew,
    kKnown,
    kReplaced,
    kFull,
    kTooManyAlike,  // DiversityLimits
  };
  struct Added {
    Add outcome;
    PeerId replaced;  // kReplaced: who has left
  };

  explicit RoutingTable(Key self, TableLimits limits = {});

  // A peer that serves the protocol was heard. `addresses`: those it was reached at or, if it was not yet,
  // those that are known of it. This node itself is kFull.
  Added add(const PeerId& peer, std::span<const IpAddress> addresses, Instant now);
  bool remove(const PeerId& peer);

  // These four are of no effect for a peer that is not in the table, except that an answer from anybody shows
  // that this node itself is online.

  // `useful`: it named peers that the lookup did not know, or had what was looked for.
  void note_answer(const PeerId& peer, bool useful, Instant now);
  // True: it has been removed. The first failure makes it a suspect; the second removes it, if others have
  // answered in the meantime: when nobody does, it is this node that is cut off, and many more are needed.
  bool note_failure(const PeerId& peer, Instant now);
  // A connected peer is not replaced for being useless, nor probed. One whose connection is lost is due for a
  // probe when it has not been heard of otherwise.
  void set_connected(const PeerId& peer, bool connected, Instant now);

  // The n nearest, nearest first, without suspects: what others are told.
  std::vector<PeerId> closest(const Key& target, std::size_t n) const;
  // To begin a lookup with: suspects fill up what is missing, at the end.
  std::vector<PeerId> seeds(const Key& target, std::size_t n) const;

  std::size_t size() const { return size_; }
  const Entry* find(const PeerId& peer) const;  // until the next change
  std::vector<PeerId> peers() const;
  // By the length of the common prefix: farthest first.
  std::vector<std::size_t> bucket_sizes() const;

  // At most `max` peers that are to be asked for a sign of life: suspects after interval / 4, others that are
  // not connected after `interval`. First the suspects, then who has waited for four intervals, then the
  // nearest. They count as tried: the next call returns others.
  std::vector<PeerId> due_probes(Instant now, Duration interval, std::size_t max);

  // The lengths of common prefix for which a lookup is due; kKeyBits stands for this node's own key, which
  // takes care of all buckets that have no more than k peers together.
  std::vector<std::size_t> refresh_targets(Instant now, Duration interval) const;
  // The part of the keyspace of one of them: any key in it will do.
  Prefix refresh_prefix(std::size_t common_prefix) const;
  // A lookup of this key was completed, for whatever reason.
  void note_refreshed(const Key& target, Instant now);

 private:
  using Bucket = std::vector<Entry>;

  Entry* entry_of(const PeerId& peer);
  Bucket& bucket_of(const Key& key);
  bool at_limit(const IpGroups& groups, const Bucket& bucket) const;
  bool refused(const IpGroups& groups, const Bucket& bucket) const;
  bool over_limit(const Entry& entry, const Bucket& bucket) const;
  Entry* replaceable(Bucket& bucket, const IpGroups& newcomer, Instant now) const;
  std::size_t count(IpGroup group) const;
  std::vector<const Entry*> nearest(const Key& target, std::size_t n, bool suspects) const;

  Key self_;
  TableLimits limits_;
  std::vector<Bucket> buckets_;  // by common prefix, up to the longest so far
  std::size_t size_ = 0;
  std::optional<Instant> heard_any_;               // the last answer of anybody
  std::vector<std::optional<Instant>> refreshed_;  // by common prefix
  std::optional<Instant> self_refreshed_;
};

}  // namespace warren::kad
