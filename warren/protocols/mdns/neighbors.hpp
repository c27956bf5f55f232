// Who has announced itself, where and for how long. Decides only; anybody may announce anything, so a peer
// is known under each name that spoke of it, and no name's owner can take away what another one told.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "warren/core/peerstore.hpp"
#include "warren/env/endpoint.hpp"
#include "warren/protocols/mdns/limits.hpp"
#include "warren/protocols/mdns/packet.hpp"

namespace warren::mdns {

struct Changes {
  std::vector<PeerInfo> found;  // new, or with a new address: all of its addresses
  std::vector<PeerId> lost;
};

class Neighbors {
 public:
  explicit Neighbors(const Limits& limits) : limits_(limits) {}

  // Takes an announcement that came from `source`. When there is no room, those who announce the most have to
  // make some: one sender can't drive the others out.
  Changes take(const Announcement& announcement, const IpAddress& source, Instant now);

  // Forgets what has expired.
  Changes expire(Instant now);
  // Whether to ask again because something is about to expire: true twice before each end (RFC 6762,
  // section 5.2).
  bool ask_again(Instant now);
  // When one of the two has to be called next.
  std::optional<Instant> next_deadline() const;

  std::vector<PeerInfo> peers() const;
  std::size_t size() const { return neighbors_.size(); }

 private:
  struct Neighbor {
    PeerId peer;
    IpAddress source;
    Instant heard{};
    Duration ttl{};
    int asked = 0;                          // since it was heard
    std::map<Multiaddr, Instant> expiries;  // of its addresses
    Instant ask_at() const;
  };
  using Table = std::map<std::string, Neighbor>;

  bool make_room(const IpAddress& source, Changes& changes);
  // Whether there is an address more.
  bool refresh(Neighbor& neighbor, const Announcement& announcement, Instant now);
  void remove(Table::iterator neighbor, Changes& changes);
  PeerInfo info(const PeerId& peer) const;

  Limits limits_;
  Table neighbors_;  // by name
};

}  // namespace warren::mdns
