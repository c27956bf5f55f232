// Identify and identify push: who the peer is, what it speaks, where it listens, and how it sees us.
// https://github.com/libp2p/specs/blob/master/identify/README.md
#pragma once

#include <map>

#include "warren/async/task_group.hpp"
#include "warren/core/host.hpp"
#include "warren/core/limit.hpp"
#include "warren/protocols/identify/message.hpp"

namespace warren::identify {

inline constexpr std::string_view kProtocol = "/ipfs/id/1.0.0";
inline constexpr std::string_view kPushProtocol = "/ipfs/id/push/1.0.0";
inline constexpr std::string_view kProtocolVersion = "warren/1.0.0";

// One exchange, start to end.
inline constexpr Duration kExchangeTimeout = 10s;
// What changes within this time is pushed once.
inline constexpr Duration kPushDelay = 250ms;
// A peer's pushes that are read: at first this many at once, then one per interval; further ones are reset (a
// peer once pushed others to death, go-libp2p CVE-2023-40583).
inline constexpr std::size_t kPushBurst = 8;
inline constexpr Duration kPushInterval = 5s;
// How long an address that a peer announced is worth trying once it has gone.
inline constexpr Duration kAddressLife = 1h;

// The node's limits on what a peer may tell of itself, and their account: `used` is the most that a peer
// told, and what is cut off counts as refused. They take the place of those of Limits; null: no account.
struct Accounts {
  Limit* protocols = nullptr;
  Limit* addresses = nullptr;
};

// Asks every new connection who is there, answers the same question, and tells the others when our own answer
// changes.
class Identify {
 public:
  // `host` and the accounts outlive it.
  Identify(Host& host, std::string agent_version, Accounts accounts = {});

  void start();
  Task<void> close();

  // After a connection's first identify: its peer is described in the peerstore.
  Signal<const ConnectionPtr&>& identified() { return identified_; }
  // The peer of this connection has told of itself, at first or again by a push: the peerstore has it.
  Signal<const ConnectionPtr&>& told() { return told_; }
  // The peer's signed record, verified, in its envelope as it came: it can be handed on.
  Signal<const PeerId&, BytesView>& recorded() { return recorded_; }
  // Our own address as the peer of this connection sees it. Not over circuits: there it sees a relay.
  Signal<const ConnectionPtr&, const Multiaddr&>& observed() { return observed_; }

 private:
  struct PushBudget {
    std::size_t left = kPushBurst;
    Instant refilled;
  };

  // What we say to the peer of this connection.
  Message describe_us(const Connection& connection) const;
  Task<void> ask(ConnectionPtr connection);
  Task<void> tell(ConnectionPtr connection, StreamPtr stream);
  Task<void> push_all();
  Task<void> push(ConnectionPtr connection);
  Task<void> take_push(ConnectionPtr connection, StreamPtr stream);
  Task<void> read_and_learn(ConnectionPtr connection, StreamPtr stream);
  void learn(const ConnectionPtr& connection, const Message& message);
  void learn_addresses(const PeerId& peer, const Message& message);
  std::vector<Multiaddr> within_limit(std::vector<Multiaddr> addresses) const;
  void schedule_push();
  bool may_push(const PeerId& peer);

  Host& host_;
  std::string agent_version_;
  Accounts accounts_;
  Limits limits_;
  TaskGroup tasks_;
  std::vector<Subscription> subscriptions_;
  Signal<const ConnectionPtr&> identified_;
  Signal<const ConnectionPtr&> told_;
  Signal<const PeerId&, BytesView> recorded_;
  Signal<const ConnectionPtr&, const Multiaddr&> observed_;
  std::map<PeerId, PushBudget> budgets_;  // of connected peers
  bool push_scheduled_ = false;
};

}  // namespace warren::identify
