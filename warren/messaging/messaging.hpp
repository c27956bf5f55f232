// Signed messages and requests between nodes: what the upper tools call. Every payload travels in an envelope
// that is signed with the sender's SM2 key and verified before anybody sees it. Formats: docs/wire.md.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "warren/core/binding_store.hpp"
#include "warren/core/host.hpp"
#include "warren/core/inbox.hpp"
#include "warren/messaging/config.hpp"
#include "warren/messaging/counters.hpp"
#include "warren/messaging/options.hpp"
#include "warren/messaging/path_signs.hpp"
#include "warren/messaging/refusal.hpp"
#include "warren/messaging/service.hpp"

namespace warren {

class Messaging {
 public:
  // `host`, `inbox` and `bindings` outlive this object; the stores are called on the offload pool.
  // Precondition: is_network_name(config.network).
  Messaging(Host& host, Sm2PrivateKey key, MessagingConfig config, InboxStore& inbox, BindingStore& bindings);
  ~Messaging();
  Messaging(const Messaging&) = delete;
  Messaging& operator=(const Messaging&) = delete;

  // Begins to speak the three protocols. Messages stamped before this object was made are refused.
  void start();
  // Stops: handlers are canceled and joined. Calls that are still in send_message or request must have ended,
  // or be canceled, before.
  Task<void> close();

  const NodeId& node_id() const;
  const Sm2PrivateKey& key() const;

  // Sends one message. Returns when the receiver has verified it and has it on disk. `to` is dialed when not
  // connected; an empty list of addresses leaves it to the host. `expected` is the node that must be there;
  // without it, whoever proves to be bound to that PeerID. Throws what Host::connect throws; kTooLarge (over
  // body_max); kNoBinding: the peer does not prove a NodeID; kBindingMismatch: it is another node than
  // expected; kTimedOut; kOutcomeUnknown: it may have arrived; kInboxFull, kRateLimited, kLimitReached and
  // the refusals for which is_verification_refusal (status.hpp) is true, as the receiver told them.
  // kLimitedByBudget: the peer is reached through a relay only, whose limits are too small for this; with the
  // figures in what(). At once, unless a direct path was there and has died under way: the next one is
  // waited for as long as there is time. Cancelable.
  Task<void> send_message(PeerInfo to, std::optional<NodeId> expected, Bytes payload,
                          CallOptions options = {});

  // Asks a service of that node and returns its answer. It runs at most once, also when a broken connection
  // makes us ask again. Besides the errors of send_message: kNoSuchService; kServiceFailed, with the reason
  // in what(). kLimitedByBudget may also be told of the answer; then it has run. Cancelable; the handler over
  // there runs on.
  Task<Bytes> request(PeerInfo to, std::optional<NodeId> expected, std::string service, Bytes payload,
                      Duration timeout, CallOptions options = {});

  // Answers requests by this name from now on; replaces an earlier handler. Names are 1 to 128 bytes of
  // printable ASCII without spaces (else kBadConfig is thrown).
  void serve(std::string service, ServiceHandler handler);
  void stop_serving(const std::string& service);
  std::vector<std::string> services() const;

  // Called in the loop for each new message, after it is on disk.
  [[nodiscard]] Subscription on_message(std::function<void(const InboxMessage&)> slot);
  [[nodiscard]] Subscription on_refused(std::function<void(const MessageRefusal&)> slot);

  // On which connections conversations wait, and when bytes come in there: for ping::Heartbeats.
  [[nodiscard]] Subscription on_path_sign(std::function<void(const Connection&, PathSign)> slot);

  const MessagingCounters& counters() const;

  // Which of the two names belongs to the other, by the bindings of open connections.
  std::optional<PeerId> peer_of(const NodeId& node) const;
  std::optional<NodeId> node_of(const PeerId& peer) const;
  // The same; asks the store when it is not connected now. Unexpired bindings only.
  Task<std::optional<PeerId>> find_peer(NodeId node);
  Task<std::optional<NodeId>> find_node(PeerId peer);
  // Takes the node's binding as somebody else handed it on, and remembers it. The peer that it names.
  // kBindingMismatch when it is another node's; else what verify_binding (binding.hpp) fails with.
  Task<Result<PeerId>> learn_binding(NodeId node, Bytes signed_binding);
  // Our own binding, encoded, to be handed on; empty until it is made, soon after start().
  const Bytes& own_binding() const;
  // There is another one: the first, or a renewed one.
  [[nodiscard]] Subscription on_binding_renewed(std::function<void()> slot);
  // The node at the other end of this connection, once it has proved who it is. Throws kNoBinding when it
  // does not within MessagingLimits::binding_wait, or the reason for which its binding was refused.
  Task<NodeId> bound_node(ConnectionPtr connection);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace warren
