// Brings a node into its network and keeps it there: the peers of the configuration, of domains, of an
// earlier run and of the neighbourhood, all at the same time, so that a source that is silent holds nobody
// up.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "warren/async/task_group.hpp"
#include "warren/core/host.hpp"
#include "warren/node/bootstrap_dns.hpp"
#include "warren/node/bootstrap_sources.hpp"

namespace warren {

class Bootstrap {
 public:
  // Domains and /dnsaddr trees that are followed, each by a coroutine.
  static constexpr std::size_t kNamesMax = 32;
  // A name is asked again when a peer that it told of cannot be reached, after this at the earliest; twice as
  // much each time that its records are the same, up to backoff_max.
  static constexpr Duration kRereadMin = 5s;

  // Peers of the peerstore that are offered at the start, those with the best addresses: who was only ever
  // dialed by others has no address that it knows to be good, and would be alone.
  static constexpr std::size_t kStoredMax = 64;

  // `host` outlives it.
  explicit Bootstrap(Host& host, BootstrapLimits limits = {});
  ~Bootstrap();

  // Each of the following works before start() and after it.

  // A peer to stay connected to, and to protect; or a /dnsaddr without /p2p, whose tree names such peers.
  // Nothing comes of this node's own address. kBadAddress: no PeerID in it; kExists; kLimitReached.
  Result<> add(const Multiaddr& address);
  // What a connection is there already stays. kNotFound: nobody told of it, or only a domain, which would do
  // so again.
  Result<> remove(const Multiaddr& address);
  // A domain whose records name peers to stay connected to (bootstrap_dns.hpp). They are asked for again when
  // their time has passed, a peer of theirs is lost, or the network changes. While they cannot be had, those
  // peers stay that they named last. kBadAddress, kExists, kLimitReached.
  Result<> add_domain(std::string domain);
  // A peer that may be there: "known", "mdns", "rendezvous". Dialed at most once, while few are connected.
  void offer(const PeerInfo& peer, const std::string& source);

  void start();
  // Ends its dials and waits for that. Connections stay.
  Task<void> close();

  // In the order they became known; a name that has not told of anybody stands as /dnsaddr/<name>.
  std::vector<BootstrapPeer> peers() const;

 private:
  // What is followed by read_domain() or read_dnsaddr().
  struct Name;

  Result<> add_name(std::unique_ptr<Name> name);
  void offer_stored();
  Task<void> drive();
  Task<void> dial(PeerInfo peer);
  Task<void> follow(Name* name);
  // Asks once; how long the answer, or the lack of one, is to stand.
  Task<Duration> read(Name* name);
  Task<void> wait_until_due(Name* name, Instant asked, Duration wait);
  Task<void> wait_until_stale(Name* name);
  Task<void> wait_until_changed();

  void connected(const PeerId& peer);
  void disconnected(const PeerId& peer);
  void network_changed();
  // The names that told of this peer may know better by now.
  void doubt(const PeerId& peer);
  // After a change of the sources: who is connected already, whom to protect, and a new look at what is due.
  void told();
  std::size_t connected_peers() const;

  Host& host_;
  BootstrapLimits limits_;
  BootstrapSources sources_;
  std::vector<std::unique_ptr<Name>> names_;
  std::set<PeerId> protected_;
  std::vector<Subscription> subscriptions_;
  bool started_ = false;
  bool is_changed_ = false;
  Event changed_;
  TaskGroup tasks_;
};

}  // namespace warren
