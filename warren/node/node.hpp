// A Warren node: the library's front door. Callers name nodes by their identity and never see the network.
//
// This is the coroutine form, for programs that live in a loop; BlockingNode (blocking_node.hpp) is the same
// for any thread. Every call that waits has a time limit and ends with a std::system_error whose what() says
// what went wrong.
#pragma once

#include <functional>
#include <memory>

#include "warren/broadcast/topic.hpp"
#include "warren/core/host.hpp"
#include "warren/core/limit.hpp"
#include "warren/messaging/messaging.hpp"
#include "warren/node/bench.hpp"
#include "warren/node/config.hpp"
#include "warren/node/discovery.hpp"
#include "warren/node/event.hpp"
#include "warren/node/metrics.hpp"
#include "warren/node/path_report.hpp"
#include "warren/node/reachability.hpp"
#include "warren/node/target.hpp"

namespace warren {

// What is known of a connected peer.
struct PeerStatus {
  PeerId peer_id;
  std::optional<NodeId> node_id;  // when the peer has presented a valid binding
  Multiaddr address;              // the path: the remote end's address; of a relayed one, the relay's
  Direction direction = Direction::kInbound;
  Duration round_trip_time{};  // zero when unknown yet
  Instant connected_at{};
  std::string agent_version;  // as identify told; may be empty
};

struct PingReply {
  Duration round_trip_time{};
  Multiaddr path;
};

class Node {
 public:
  // Wires everything, and touches neither network nor disk. `env` outlives the node. Throws kBadConfig when
  // the keys do not go with the identity mode.
  Node(Env& env, Config config);
  // stop() has ended before.
  ~Node();

  // Opens the database, listens, and begins to connect to the bootstrap peers. Throws what failed; the node
  // can't be used then.
  Task<void> start();
  // Says goodbye to all and waits until nothing of the node runs any more. Idempotent; also after a failed
  // start().
  Task<void> stop();

  const NodeId& node_id() const;
  const PeerId& peer_id() const;
  IdentityMode identity_mode() const;
  const std::string& network() const;
  // Concrete addresses and ports, without /p2p.
  std::vector<Multiaddr> addresses() const;
  std::vector<PeerStatus> peers() const;

  // Calls that reach a peer take the best path there is, through a relay when no other works, unless `policy`
  // says otherwise (core/circuit.hpp).

  // Connects, and tells to whom. Throws kNoAddresses, kUnreachable, kPeerIdMismatch, kTimedOut,
  // kNoDirectPath...
  Task<PeerStatus> connect(Target target, PathPolicy policy = PathPolicy::kAny);

  // The peer and its addresses, without connecting; asks the DHT when none are known. Throws kNotFound when
  // nobody knows it, kNoPeers.
  Task<PeerInfo> find_peer(Target target);

  // How others are found, in detail: from start() to stop().
  Discovery& discovery();

  // What the network sees of this node, and the relays: from start() to stop().
  Reachability& reachability();

  // Sends a signed message and returns when the receiver has verified it and has it on disk.
  // Throws the receiver's reason when it refused (kReplayed, kInboxFull...), kTimedOut, kUnreachable...;
  // kTooLarge over 16 MiB; kLimitedByBudget when the only path is a circuit that carries less: at once, or,
  // when a direct path has died under way, shortly before the time is over.
  Task<void> send_message(Target target, Bytes payload, PathPolicy policy = PathPolicy::kAny);

  // Asks `service` of the target, which runs at most once, and returns its answer. Throws kNoSuchService,
  // kServiceFailed, kOutcomeUnknown, kTimedOut, kUnreachable, kLimitedByBudget...
  Task<Bytes> request(Target target, std::string service, Bytes payload);
  Task<Bytes> request(Target target, std::string service, Bytes payload, Duration timeout,
                      PathPolicy policy = PathPolicy::kAny);

  // Answers requests for `service`; a second handler replaces the first.
  void serve(std::string service, ServiceHandler handler);
  void stop_serving(const std::string& service);

  // Called for each verified message, after it is on disk. Messages of earlier runs: inbox().
  [[nodiscard]] Subscription on_message(std::function<void(const InboxMessage&)> handler);
  // Messages on disk with a number above `after`, oldest first.
  Task<std::vector<InboxMessage>> inbox(std::uint64_t after, std::size_t limit);
  // Messages up to this number have been seen, and may make room when the inbox is full.
  Task<void> acknowledge_inbox(std::uint64_t through);

  // Sends a signed message to all subscribers of a topic, our own included, and tells how many peers it was
  // queued for, sent to and dropped for. Throws kBadTopic, kTooLarge, kNotAccepted (by our own validator).
  Task<BroadcastReport> broadcast(std::string topic, Bytes payload, BroadcastOptions options = {});
  // Calls the handler for each message of the topic, each once, until the subscription is destroyed. Throws
  // kBadTopic, kLimitReached, kBadConfig.
  [[nodiscard]] Subscription subscribe(std::string topic, TopicHandler handler, TopicOptions options = {});
  // The topics that are subscribed to or published to: peers, rates, gaps.
  std::vector<TopicStatus> topics() const;

  // Called in the loop for what happens at the node's edge, from the first start() on. Events are not kept:
  // who comes late has missed the earlier ones.
  [[nodiscard]] Subscription on_event(std::function<void(const NodeEvent&)> handler);
  // What is used of each limit, and how often each refused.
  std::vector<LimitUse> limits() const;
  NodeMetrics metrics() const;

  // Allows, denies, or with kNormal forgets a peer, a node or a subnet. Connections that are denied by now
  // are closed; those of a denied node that is not known to be there, as soon as it is. Not kept on disk.
  // Throws what AccessList::set fails with, kStorage.
  Task<void> set_access(AccessSubject subject, Access access);
  // In the order in which they were made.
  std::vector<AccessList::Entry> access_entries() const;

  // One round trip over the ping protocol.
  Task<PingReply> ping(Target target, PathPolicy policy = PathPolicy::kAny);

  // Why the path to the peer is what it is, without connecting: candidates, attempts, and the verdict.
  // Throws kNotFound when nothing is known of it.
  Task<PathReport> why(Target target);

  // A connected peer that is not reached directly: tries for a direct path now, whatever the back-off says,
  // and returns when that has ended; what came of it is in why(). Throws what ping throws.
  Task<void> seek_direct_path(Target target);

  // How fast bytes come and go, over the perf protocol and the best path there is; measuring begins when the
  // connection is there. Throws kProtocolNotSupported when the peer does not serve that to us.
  Task<BenchReport> bench(Target target, perf::MeasurePlan plan, OnBench on_progress = {});

  // Raw 64-byte SM2 signature under the node's key over the domain-separated message (docs/wire.md).
  Sm2Signature sm2_sign(std::string_view domain, BytesView message) const;
  static bool sm2_verify(const NodeId& signer, std::string_view domain, BytesView message,
                         BytesView signature);

  // The node as protocols see it: to serve or speak a protocol of one's own over plain libp2p streams.
  Host& host();

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace warren
