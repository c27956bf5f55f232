// The part of the control API that reaches other nodes: connect, dial, ping.
#include "app/control_service.hpp"
#include "app/control_values.hpp"
#include "app/errors.hpp"
#include "app/grpc_error.hpp"
#include "app/transport_name.hpp"
#include "warren/async/as_result.hpp"

namespace warren::app {
namespace {

// Above what the node itself allows, so that its own reason is the one that is told.
constexpr Duration kConnectLimit = 60s;

// Keeps what is told of dials to the target. One that is known by its node only may not be known at all, and
// then it is not dialed either.
Task<PeerStatus> connect_and_watch(Node* node, Target target, PathPolicy policy,
                                   std::vector<DialOutcome>* outcomes) {
  std::optional<PeerId> peer;
  if (target.info() != nullptr) peer = target.info()->id;
  if (target.peer() != nullptr) peer = *target.peer();
  if (!peer) {
    const auto found = co_await as_result(node->find_peer(target));
    if (found) peer = found->id;
  }
  const Subscription watch =
      node->host().events().dialed.subscribe([peer, outcomes](const DialOutcome& outcome) {
        if (outcome.peer == peer) outcomes->push_back(outcome);
      });
  auto status = co_await node->connect(std::move(target), policy);
  co_return status;
}

std::string word_for(const DialOutcome& outcome) {
  if (!outcome.began) return "left_out";
  if (outcome.won) return "connected";
  return outcome.error ? "failed" : "canceled";
}

void describe_outcome(const DialOutcome& outcome, Instant call_began, v1::DialAttempt& to) {
  to.set_address(outcome.address.to_string());
  to.set_transport(std::string(transport_name(outcome.address)));
  to.set_outcome(word_for(outcome));
  if (outcome.began) {
    to.set_began_ms(to_ms(*outcome.began - call_began));
    to.set_took_ms(to_ms(outcome.took));
  }
  if (outcome.error) to.set_reason(std::string(describe(outcome.error).name));
  to.set_message(outcome.why);
}

}  // namespace

grpc::Status ControlService::Connect(grpc::ServerContext* context, const v1::ConnectRequest* request,
                                     v1::Peer* reply) {
  const auto target = parse_target(request->target());
  if (!target) return to_status(*context, target.error());
  const PathPolicy policy = policy_of(request->path());
  const auto peer =
      calls_.in_loop<PeerStatus>(*context, [&] { return node_.connect(*target, policy); }, kConnectLimit);
  if (!peer) return to_status(*context, peer.error());
  const auto described = calls_.ask(*context, [&] { describe_peer(node_, *peer, *reply); });
  return described ? grpc::Status::OK : to_status(*context, described.error());
}

grpc::Status ControlService::Dial(grpc::ServerContext* context, const v1::ConnectRequest* request,
                                  grpc::ServerWriter<v1::DialReply>* replies) {
  const auto target = parse_target(request->target());
  if (!target) return to_status(*context, target.error());
  std::vector<DialOutcome> outcomes;
  const Instant began = loop_.env().clock.now();
  const auto peer = calls_.in_loop<PeerStatus>(
      *context, [&] { return connect_and_watch(&node_, *target, policy_of(request->path()), &outcomes); },
      kConnectLimit);
  for (const DialOutcome& outcome : outcomes) {
    v1::DialReply reply;
    describe_outcome(outcome, began, *reply.mutable_attempt());
    if (!replies->Write(reply)) return grpc::Status::CANCELLED;
  }
  if (!peer) return to_status(*context, peer.error());
  v1::DialReply last;
  const auto described = calls_.ask(*context, [&] { describe_peer(node_, *peer, *last.mutable_peer()); });
  if (!described) return to_status(*context, described.error());
  return replies->Write(last) ? grpc::Status::OK : grpc::Status::CANCELLED;
}

grpc::Status ControlService::Ping(grpc::ServerContext* context, const v1::PingRequest* request,
                                  grpc::ServerWriter<v1::PingReply>* replies) {
  const auto target = parse_target(request->target());
  if (!target) return to_status(*context, target.error());
  const auto interval = std::chrono::milliseconds(request->interval_ms());
  for (std::uint32_t number = 1; request->count() == 0 || number <= request->count(); ++number) {
    if (number > 1) {
      const auto slept =
          calls_.in_loop<void>(*context, [&] { return loop_.env().clock.sleep_for(interval); }, kNoCallLimit);
      if (!slept) return to_status(*context, slept.error());
    }
    const auto pong = calls_.in_loop<PingReply>(
        *context, [&] { return node_.ping(*target, policy_of(request->path())); }, kConnectLimit);
    if (!pong) return to_status(*context, pong.error());
    v1::PingReply reply;
    reply.set_number(number);
    reply.set_rtt_ms(to_ms(pong->round_trip_time));
    reply.set_path(pong->path.to_string());
    reply.set_relayed(is_circuit(pong->path));
    reply.set_relay(relay_of(pong->path));
    reply.set_transport(std::string(transport_name(pong->path)));
    if (!replies->Write(reply)) return grpc::Status::CANCELLED;
  }
  return grpc::Status::OK;
}

}  // namespace warren::app
