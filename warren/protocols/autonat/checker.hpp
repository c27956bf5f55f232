// Keeps a ReachabilityBook up to date as long as it runs: offers our addresses, asks connected peers that
// speak AutoNAT about them, and notes what they say. https://github.com/libp2p/specs/tree/master/autonat
#pragma once

#include <map>

#include "warren/async/event.hpp"
#include "warren/async/task_group.hpp"
#include "warren/core/host.hpp"
#include "warren/protocols/autonat/client.hpp"
#include "warren/protocols/autonat/contacts.hpp"
#include "warren/protocols/autonat/observed_addresses.hpp"
#include "warren/protocols/autonat/reachability.hpp"

namespace warren::autonat {

// Questions under way at a time; one of each peer.
inline constexpr std::size_t kQuestionsAtOnceMax = 4;
// A peer that is too busy, or fails to answer, is left alone for so long; twice as long each time.
inline constexpr Duration kPeerBackoff = 60s;
inline constexpr Duration kPeerBackoffMax = 30min;
// How soon after one another the same peer is asked at least: servers allow a dozen questions a minute.
inline constexpr Duration kPeerInterval = 500ms;
inline constexpr std::size_t kPeersRememberedMax = 256;

class Checker {
 public:
  // All outlive it. `observed` is null where nobody says how peers see us.
  Checker(Host& host, Client& client, ReachabilityBook& book, ObservedAddresses* observed = nullptr);

  // From now on. The host's own addresses are offered as those of interfaces.
  void start();
  Task<void> close();

  // A verdict, or the list of addresses, is another one.
  Signal<>& changed() { return changed_; }

  // For other sources than interfaces and observers: all addresses that this source knows from now on.
  void set(OwnSource source, const std::vector<Multiaddr>& addresses);
  void set_configured(std::optional<Verdict> verdict);
  // Something was sent there, from the socket that peers are to reach: by STUN, or a punch. kUdp or kTcp.
  void note_contact(const IpAddress& ip, Protocol transport);
  // A peer's protocols are known by now (identify): looks whom to ask at once rather than a second later.
  void wake();

  // Whether the peer has said that it answers such questions.
  bool is_server(const PeerId& peer) const;

 private:
  struct Peer {
    bool busy = false;
    std::uint32_t failures = 0;
    Instant not_before = Instant::min();
  };

  Task<void> run();
  Task<void> wait();
  void ask_what_is_due();
  std::vector<Candidate> candidates() const;
  std::optional<Candidate> candidate(const ConnectionPtr& connection) const;
  Task<void> ask(Question question, ConnectionPtr server, bool proves);
  void take(const Question& question, const ConnectionPtr& server, const Answer& answer, Instant asked);
  bool speaks(const PeerId& peer, std::string_view protocol) const;
  void offer_interfaces();
  void offer_observed();
  void note_connection(const Connection& connection, bool open);
  void tell();
  Peer& peer(const PeerId& id);

  Host& host_;
  Client& client_;
  ReachabilityBook& book_;
  ObservedAddresses* observed_;
  Contacts contacts_;
  std::map<const Connection*, SocketKey> open_;  // the other ends
  std::map<PeerId, Peer> peers_;
  std::vector<IpAddress> interfaces_;  // as of the last change
  Event woken_;
  Instant stirred_{};    // when it was last woken
  Instant forgotten_{};  // when the network last changed
  Signal<> changed_;
  std::vector<Subscription> subscriptions_;
  TaskGroup tasks_;
};

}  // namespace warren::autonat
