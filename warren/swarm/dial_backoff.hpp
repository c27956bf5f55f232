// Which addresses of which peers have failed lately, and until when they are not dialed again. The times are
// those of go-libp2p: 5 s after the first failure, then 1 s times the square of the failures more, at most
// 5 minutes.
#pragma once

#include <cstddef>
#include <list>
#include <unordered_map>

#include "warren/base/time.hpp"
#include "warren/crypto/peer_id.hpp"
#include "warren/multiformats/multiaddr.hpp"

namespace warren {

class DialBackoff {
 public:
  static constexpr Duration kBase = 5s;
  static constexpr Duration kStep = 1s;
  static constexpr Duration kMax = 5min;
  // Addresses remembered, of all peers and of one; the oldest failures are forgotten first. About 300 bytes
  // each: peers decide how many addresses they have, and how many of them fail.
  static constexpr std::size_t kEntriesMax = 8192;
  static constexpr std::size_t kEntriesPerPeerMax = 64;

  // A dial of this address failed. It is not dialed again before `until(peer, address)`. A failure long after
  // the last one, when twice its time has passed, counts as the first.
  void add_failure(const PeerId& peer, const Multiaddr& address, Instant now);

  // Whether it may be dialed.
  bool allows(const PeerId& peer, const Multiaddr& address, Instant now) const {
    return until(peer, address) <= now;
  }
  // Instant::min() when it has not failed.
  Instant until(const PeerId& peer, const Multiaddr& address) const;

  // One of the peer's addresses was reached: all are forgiven.
  void clear(const PeerId& peer);
  // The same through a relay, which says nothing of the direct ones: its relayed addresses are forgiven.
  void clear_circuits(const PeerId& peer);
  // The network has changed: what failed on the old one may work on this one.
  void clear();

  std::size_t size() const { return ages_.size(); }

 private:
  struct Age;  // of the entries, oldest failure first
  using Ages = std::list<Age>;
  struct Entry {
    unsigned failures = 0;
    Instant until;
    Instant forgotten_at;
    Ages::iterator age;
  };
  using Entries = std::unordered_map<Multiaddr, Entry>;
  struct Age {
    PeerId peer;
    Multiaddr address;
  };

  void forget(Ages::iterator age);
  void make_room(const PeerId& peer, Instant now);

  std::unordered_map<PeerId, Entries> peers_;
  Ages ages_;
};

}  // namespace warren
