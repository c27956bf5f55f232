// A node on a thread of its own, with blocking calls from any number of other threads at once. Semantics,
// limits and errors are those of Node.
#pragma once

#include <memory>

#include "warren/node/node.hpp"

namespace warren {

class BlockingNode {
 public:
  // Starts the thread and the node; throws what start() throws.
  explicit BlockingNode(Config config);
  // Stops both. No other call is in progress.
  ~BlockingNode();

  // Ends the node and waits for its end, which waits for handlers of services that run. Calls in progress on
  // other threads throw kCanceled, and so does from now on every call but this one, the two IDs and sm2_sign.
  // Idempotent. Not from a handler: it would wait for itself.
  void stop();

  const NodeId& node_id() const;
  const PeerId& peer_id() const;
  std::vector<Multiaddr> addresses();
  std::vector<PeerStatus> peers();

  PeerStatus connect(Target target, PathPolicy policy = PathPolicy::kAny);
  PeerInfo find_peer(Target target);
  void send_message(Target target, Bytes payload, PathPolicy policy = PathPolicy::kAny);
  Bytes request(Target target, std::string service, Bytes payload);
  Bytes request(Target target, std::string service, Bytes payload, Duration timeout,
                PathPolicy policy = PathPolicy::kAny);
  PingReply ping(Target target, PathPolicy policy = PathPolicy::kAny);
  PathReport why(Target target);
  // `on_progress` runs on the node's thread.
  BenchReport bench(Target target, perf::MeasurePlan plan, OnBench on_progress = {});
  std::vector<InboxMessage> inbox(std::uint64_t after, std::size_t limit);

  // `handler` runs on a worker thread, as several calls at once do, and may block; what it throws is a failed
  // request for the caller.
  void serve(std::string service, std::function<Bytes(const ServiceCall&)> handler);
  // Calls that have begun are still answered.
  void stop_serving(const std::string& service);
  // `handler` runs on the node's thread until the node is stopped: hand the message over and return.
  void on_message(std::function<void(const InboxMessage&)> handler);

  BroadcastReport broadcast(std::string topic, Bytes payload, BroadcastOptions options = {});
  // The handler's functions run on the node's thread until the node is stopped: hand over and return.
  void subscribe(std::string topic, TopicHandler handler, TopicOptions options = {});
  std::vector<TopicStatus> topics();

  // The same for events.
  void on_event(std::function<void(const NodeEvent&)> handler);
  ReachabilityStatus reachability();
  std::vector<LimitUse> limits();
  NodeMetrics metrics();
  void set_access(AccessSubject subject, Access access);
  std::vector<AccessList::Entry> access_entries();

  Sm2Signature sm2_sign(std::string_view domain, BytesView message) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace warren
