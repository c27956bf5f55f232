// Whom a node begins with, who told of them, and whom to dial when. Pure: bootstrap.hpp moves the bytes.
//
// Some peers are kept: those of the configuration and of domains. They are dialed until they answer, and
// again when their connection is lost. Others are offered, by an earlier run, mDNS or a rendezvous point:
// they are dialed once, some at a time, while the node has few connections, and again when it has none.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

#include "warren/core/peerstore.hpp"
#include "warren/env/random.hpp"
#include "warren/node/discovery.hpp"

namespace warren {

struct BootstrapLimits {
  std::size_t peers_max = 256;         // a list to begin with, no directory; kept ones drive out others
  std::size_t addresses_max = 16;      // of one peer by one source
  std::size_t offers_at_once_max = 8;  // offered peers that are being dialed
  std::size_t offers_slow_max = 32;    // the same, with those that have not answered for `slow`
  std::size_t connected_enough = 8;    // connected peers with which nobody offered is dialed
  Duration slow = 500ms;               // whoever answers at all has mostly done so by then
  // The pause before the next attempt: doubled after each failure, with jitter, so that a network that starts
  // again is not hit by all at once.
  Duration backoff_min = 1s;
  Duration backoff_max = 60s;
  Duration offer_backoff_min = 60s;  // of an offered peer, when there is no other connection
  Duration offer_backoff_max = 1h;
  // A connection that was lost sooner than this was not what it should be: the pause is not made short again.
  Duration steady = 10s;
};

class BootstrapSources {
 public:
  explicit BootstrapSources(Random& random, BootstrapLimits limits = {}) : random_(random), limits_(limits) {}

  // A source tells of a peer; addresses (without /p2p) that it told of before are replaced. What is over a
  // bound is left out. False when it changed nothing.
  bool add(const PeerInfo& peer, const std::string& source, bool keep, Instant now);
  // What a source tells from now on, as a whole: whom it does not name any more, it has forgotten. False when
  // it changed nothing.
  bool replace(const std::string& source, const std::vector<PeerInfo>& peers, bool keep, Instant now);
  // One address (or with none given, all of them) of a peer by a source. False when there is no such thing.
  bool remove(const PeerId& peer, const std::string& source, const std::optional<Multiaddr>& address);

  // Whom to dial now; `connected` peers are there in all. They count as being dialed until dialed().
  std::vector<PeerInfo> take_due(Instant now, std::size_t connected);
  // When to ask take_due() again, if nothing happens before; nothing: never.
  std::optional<Instant> next_due(Instant now, std::size_t connected) const;

  // How a dial ended; no error: with a connection.
  void dialed(const PeerId& peer, std::error_code error, Instant now);
  // In either direction. The first and the last connection of the peer.
  void connected(const PeerId& peer, Instant now);
  void disconnected(const PeerId& peer, Instant now);
  // Whoever could not be reached over the old network may be over the new one.
  void network_changed(Instant now);

  bool contains(const PeerId& peer) const { return states_.contains(peer); }
  // By any of its sources.
  bool keeps(const PeerId& peer) const;
  std::vector<PeerId> kept() const;
  // What this source told of the peer.
  std::vector<Multiaddr> addresses(const PeerId& peer, const std::string& source) const;
  // The sources that tell of the peer.
  std::vector<std::string> sources(const PeerId& peer) const;
  // One for each address and source, in the order they became known.
  std::vector<BootstrapPeer> list() const;

 private:
  // What one source says of one peer.
  struct Row {
    std::string source;
    PeerInfo peer;
    bool keep = false;
  };
  struct State {
    bool connected = false;
    bool dialing = false;
    bool tried = false;
    Instant changed{};  // connected, or begun to dial, since then
    Instant next{};     // not dialed before
    Duration backoff{};
    std::error_code error;
  };

  const Row* find(const PeerId& peer, const std::string& source) const;
  bool make_room(bool keep);
  void forget_if_nobody_tells(const PeerId& peer);
  PeerInfo addresses_of(const PeerId& peer) const;
  bool may_dial(const PeerId& peer, const State& state, std::size_t connected) const;
  // How many more offered ones may be dialed now.
  std::size_t free_places(Instant now) const;
  // Doubles the pause, within these bounds, and lets it begin.
  void pause(State& state, Duration least, Duration most, Instant now);

  Random& random_;
  BootstrapLimits limits_;
  std::vector<Row> rows_;  // in the order they came
  std::map<PeerId, State> states_;
};

}  // namespace warren
