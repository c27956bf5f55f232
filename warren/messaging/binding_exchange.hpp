// /warren/bind/1.0.0: tells each connection's peer which node we are, and learns which node it is. The dialer
// speaks at once, so the exchange costs no round trip: messages follow without waiting. docs/wire.md,
// "Binding".
#pragma once

#include <functional>
#include <map>
#include <memory>

#include "warren/async/task_group.hpp"
#include "warren/core/binding_store.hpp"
#include "warren/core/host.hpp"
#include "warren/messaging/binding.hpp"
#include "warren/messaging/config.hpp"
#include "warren/messaging/peer_quota.hpp"
#include "warren/messaging/receive_rules.hpp"

namespace warren {

inline constexpr std::string_view kBindProtocol = "/warren/bind/1.0.0";

class BindingExchange {
 public:
  // A node that has proved to be at the other end of a connection.
  struct Bound {
    NodeId node;
    Sm2PublicKey key;
    PeerId peer;
    WallTime not_after{};
  };

  // All outlive this object; `tasks` is closed before.
  BindingExchange(Host& host, const Sm2PrivateKey& key, const MessagingConfig& config, BindingStore& store,
                  ReceiveRules& rules, TaskGroup& tasks);

  void start();
  void stop();

  // Waits, at most MessagingLimits::binding_wait, until the peer has proved which node it is. Throws
  // kNoBinding, or the reason why its binding was refused (verify_binding); kStaleBinding when it has expired
  // since.
  Task<Bound> bound(ConnectionPtr connection);

  // The node that this connection is bound to by now, if it is.
  std::optional<NodeId> node_of(const ConnectionPtr& connection) const;
  // By the bindings of open connections.
  std::optional<PeerId> peer_of(const NodeId& node) const;
  std::optional<NodeId> node_of(const PeerId& peer) const;
  // The same, and then by unexpired bindings in the store.
  Task<std::optional<PeerId>> find_peer(NodeId node);
  Task<std::optional<NodeId>> find_node(PeerId peer);

  // Takes a binding that somebody else has handed on, and remembers it: both keys have signed it, so it
  // proves itself. kBindingMismatch when it is another node's; else what verify_binding fails with.
  Task<Result<Bound>> learn(NodeId node, Bytes signed_binding);

  // Our own, encoded; empty until the first one is made. renewed() tells when there is another.
  const Bytes& own() const { return own_; }
  Signal<>& renewed() { return renewed_; }

 private:
  // What is known of one connection.
  struct Record {
    std::weak_ptr<Connection> connection;
    std::optional<Bound> bound;
    std::error_code failure;  // why it is not bound, once that is sure
    Event changed;
  };
  using RecordPtr = std::shared_ptr<Record>;

  void connected(const ConnectionPtr& connection);
  RecordPtr record_of(const ConnectionPtr& connection) const;

  Task<void> keep_own_binding();
  Task<void> renew_own_binding();
  Task<void> own_binding_is_ready();
  Task<void> offer(ConnectionPtr connection);
  Task<void> offer_on_stream(ConnectionPtr connection);
  Task<void> take_over(ConnectionPtr connection, StreamPtr stream);
  Task<void> serve(ConnectionPtr connection, StreamPtr stream);
  Task<Result<>> accept(ConnectionPtr connection, Bytes signed_binding);
  // For this node, where it is given, and for this peer; else for whichever the binding names.
  Task<Result<Bound>> verify_and_store(std::optional<NodeId> node, std::optional<PeerId> peer,
                                       Bytes signed_binding);
  static Task<void> decided(RecordPtr record);
  Task<std::optional<StoredBinding>> find_stored(std::function<Result<StoredBinding>()> find);

  Host& host_;
  const Sm2PrivateKey& key_;
  NodeId self_;
  const MessagingConfig& config_;
  BindingStore& store_;
  ReceiveRules& rules_;
  TaskGroup& tasks_;
  PeerQuota streams_;
  Bytes own_;  // our SignedBinding, encoded; empty until it is made
  WallTime own_renewal_{};
  Event own_changed_;
  Signal<> renewed_;
  std::map<const Connection*, RecordPtr> records_;
  std::vector<Subscription> subscriptions_;
};

}  // namespace warren
