// Which connections to end when there are too many of them: the least useful ones, and none that somebody
// protects. The idea of two marks, a grace period and tags is go-libp2p's (p2p/net/connmgr).
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "warren/base/error.hpp"
#include "warren/base/time.hpp"
#include "warren/core/connection.hpp"
#include "warren/crypto/peer_id.hpp"
#include "warren/swarm/limits.hpp"

namespace warren {

// What the manager wants to know of an open connection.
struct ConnectionUse {
  PeerId peer;
  Direction direction = Direction::kInbound;
  Instant opened_at;
  // When a stream was last opened or data last moved; opened_at when neither happened yet.
  Instant active_at;
  std::size_t streams_open = 0;
  std::uint64_t streams_so_far = 0;  // opened by either side since the connection began
  bool allowed = false;              // by the access list
  bool relayed = false;
};

class ConnectionManager {
 public:
  // Peers under protection, and tags of one of them. Those who protect are parts of this node, but whom they
  // protect may be for peers to decide (reservations of a relay, members of a mesh).
  static constexpr std::size_t kProtectedPeersMax = 16 * 1024;  // some 200 bytes each
  static constexpr std::size_t kTagsPerPeerMax = 16;

  // Uses the marks and the grace period.
  explicit ConnectionManager(const SwarmLimits& limits);

  // No connection of this peer is closed until each tag was taken off as often as it was put on.
  // kLimitReached over a bound above.
  Result<> protect(const PeerId& peer, std::string_view tag);
  // Whether another tag, or the same one put on again, still protects the peer.
  bool unprotect(const PeerId& peer, std::string_view tag);
  bool is_protected(const PeerId& peer) const { return protected_.contains(peer); }
  std::size_t protected_peers() const { return protected_.size(); }

  // The connections to close now, as indexes into `open`, the least useful first; none unless there are more
  // than the high mark, and then so many that the low mark is left. Protected and allowed ones are counted,
  // but never closed, so more may be left. Those within their grace period are neither: if they counted, a
  // flood of new connections would drive out the old ones before anybody knows what the new are good for.
  // (SwarmLimits::connections_max bounds the flood.)
  std::vector<std::size_t> to_close(std::span<const ConnectionUse> open, Instant now) const;

 private:
  using Tags = std::map<std::string, std::uint64_t, std::less<>>;  // how often each was put on

  std::size_t high_;
  std::size_t low_;
  Duration grace_;
  std::unordered_map<PeerId, Tags> protected_;
};

}  // namespace warren
