#include "app/control_service.hpp"

#include <unistd.h>

#include <thread>

#include "app/config_file.hpp"
#include "app/control_values.hpp"
#include "app/grpc_error.hpp"
#include "app/version.hpp"
#include "app/whole_ms.hpp"
#include "warren/base/log.hpp"

namespace warren::app {
namespace {

// Above what the node itself allows, so that its own reason is the one that is told.
constexpr Duration kSendLimit = 150s;
constexpr Duration kRequestLimit = 15min;

void describe_message(const InboxMessage& message, v1::InboxMessage& to) {
  to.set_number(message.number);
  to.set_from_node_id(message.from_node.to_string());
  to.set_from_peer_id(message.from_peer.to_string());
  to.set_payload(to_text(message.payload));
  to.set_sent_at_ms(unix_ms(message.sent_at));
  to.set_received_at_ms(unix_ms(message.received_at));
  to.set_id(to_text(message.id));
}

void fill_status(const Node& node, const std::map<std::string, std::shared_ptr<ServedName>>& served,
                 v1::Status& status) {
  status.set_addresses(static_cast<std::uint32_t>(node.addresses().size()));
  status.set_peers(static_cast<std::uint32_t>(node.peers().size()));
  for (const auto& [name, service] : served) status.add_services(name);
}

}  // namespace

ControlService::ControlService(real::Loop& loop, Node& node, const MetricsSource& metrics,
                               std::filesystem::path access_file, Duration request_timeout)
    : loop_(loop),
      node_(node),
      metrics_(metrics),
      started_at_(loop.env().clock.now()),
      calls_(loop),
      inbox_(node),
      events_(node),
      access_file_(std::move(access_file)),
      request_timeout_(request_timeout) {}

Task<void> ControlService::close() {
  for (const auto& [name, served] : served_) served->close();
  co_await calls_.close();
}

grpc::Status ControlService::GetIdentity(grpc::ServerContext*, const v1::GetIdentityRequest*,
                                         v1::Identity* reply) {
  reply->set_node_id(node_.node_id().to_string());
  reply->set_peer_id(node_.peer_id().to_string());
  reply->set_network(node_.network());
  reply->set_mode(std::string(name_of(node_.identity_mode())));
  return grpc::Status::OK;
}

grpc::Status ControlService::GetStatus(grpc::ServerContext* context, const v1::GetStatusRequest*,
                                       v1::Status* reply) {
  const v1::GetIdentityRequest ask;
  GetIdentity(context, &ask, reply->mutable_identity());
  reply->set_version(kVersion);
  reply->set_process_id(getpid());
  const Duration uptime = loop_.env().clock.now() - started_at_;
  reply->set_uptime_ms(whole_ms(uptime));
  const auto filled = calls_.ask(*context, [&] { fill_status(node_, served_, *reply); });
  return filled ? grpc::Status::OK : to_status(*context, filled.error());
}

grpc::Status ControlService::ListAddresses(grpc::ServerContext* context, const v1::ListAddressesRequest*,
                                           v1::Addresses* reply) {
  const auto addresses = calls_.ask(*context, [&] { return node_.addresses(); });
  if (!addresses) return to_status(*context, addresses.error());
  for (const Multiaddr& address : *addresses) {
    reply->add_addresses(address.with(Protocol::kP2p, node_.peer_id().bytes()).to_string());
  }
  return grpc::Status::OK;
}

grpc::Status ControlService::ListPeers(grpc::ServerContext* context, const v1::ListPeersRequest*,
                                       v1::Peers* reply) {
  const auto described = calls_.ask(*context, [&] {
    for (const PeerStatus& peer : node_.peers()) describe_peer(node_, peer, *reply->add_peers());
  });
  if (!described) return to_status(*context, described.error());
  return grpc::Status::OK;
}

grpc::Status ControlService::Send(grpc::ServerContext* context, const v1::SendRequest* request,
                                  v1::SendReply*) {
  const auto target = parse_target(request->target());
  if (!target) return to_status(*context, target.error());
  const auto sent = calls_.in_loop<void>(
      *context,
      [&] { return node_.send_message(*target, bytes_of(request->payload()), policy_of(request->path())); },
      kSendLimit);
  return sent ? grpc::Status::OK : to_status(*context, sent.error());
}

grpc::Status ControlService::Inbox(grpc::ServerContext* context, const v1::InboxRequest* request,
                                   grpc::ServerWriter<v1::InboxMessage>* messages) {
  std::uint64_t after = request->after();
  while (true) {
    const auto batch = calls_.in_loop<std::vector<InboxMessage>>(
        *context, [&] { return inbox_.read(after, request->follow()); }, kNoCallLimit);
    if (!batch) return to_status(*context, batch.error());
    if (batch->empty()) return grpc::Status::OK;
    for (const InboxMessage& stored : *batch) {
      v1::InboxMessage message;
      describe_message(stored, message);
      if (!messages->Write(message)) return grpc::Status::CANCELLED;
      after = stored.number;
    }
  }
}

grpc::Status ControlService::Acknowledge(grpc::ServerContext* context, const v1::AcknowledgeRequest* request,
                                         v1::AcknowledgeReply*) {
  const auto done =
      calls_.in_loop<void>(*context, [&] { return node_.acknowledge_inbox(request->through()); }, kOwnLimit);
  return done ? grpc::Status::OK : to_status(*context, done.error());
}

grpc::Status ControlService::Request(grpc::ServerContext* context, const v1::ServiceRequest* request,
                                     v1::ServiceReply* reply) {
  const auto target = parse_target(request->target());
  if (!target) return to_status(*context, target.error());
  const bool limited = request->timeout_ms() > 0;
  const Duration timeout = limited ? std::chrono::milliseconds(request->timeout_ms()) : request_timeout_;
  const std::function<Task<Bytes>()> ask = [&] {
    return node_.request(*target, request->service(), bytes_of(request->payload()), timeout,
                         policy_of(request->path()));
  };
  const auto answer = calls_.in_loop<Bytes>(*context, ask, std::max<Duration>(kRequestLimit, timeout + 5s));
  if (!answer) return to_status(*context, answer.error());
  reply->set_payload(to_text(*answer));
  return grpc::Status::OK;
}

// Two threads for one stream: gRPC's own writes the calls, and another one reads the answers meanwhile.
grpc::Status ControlService::Serve(grpc::ServerContext* context, ServeStream* stream) {
  v1::ServeInput first;
  if (!stream->Read(&first) || !first.has_start()) {
    return {grpc::StatusCode::INVALID_ARGUMENT, "the first message must be `start`"};
  }
  const std::string& name = first.start().service();
  const auto served = calls_.in_loop<ServedNamePtr>(*context, [&] { return begin_serving(name); }, kOwnLimit);
  if (!served) return to_status(*context, served.error());
  if (*served == nullptr) {
    const std::string taken =
        "another program answers " + name + " on this node; end it, or choose another name";
    return to_status(*context, CallError{make_error_code(Errc::kExists), taken});
  }
  log::info("control", "serves " + name);

  std::thread reader([&] { read_answers(*stream, *served); });
  const grpc::Status status = write_calls(*context, *stream, *served);
  if (!status.ok()) context->TryCancel();  // the reader may still wait
  reader.join();
  loop_.post([this, name, ended = *served] { end_serving(name, *ended); });
  log::info("control", "no longer serves " + name);
  return status;
}

Task<ControlService::ServedNamePtr> ControlService::begin_serving(std::string name) {
  if (served_.contains(name)) co_return nullptr;
  const auto served = std::make_shared<ServedName>();
  node_.serve(name, [served](ServiceCall call) { return ServedName::answer(served, std::move(call)); });
  served_.emplace(name, served);
  co_return served;
}

void ControlService::end_serving(const std::string& name, ServedName& served) {
  served.close();
  served_.erase(name);
  node_.stop_serving(name);
}

void ControlService::read_answers(ServeStream& stream, const ServedNamePtr& served) {
  v1::ServeInput input;
  while (stream.Read(&input)) {
    if (!input.has_answer()) continue;
    loop_.post([served, answer = std::move(*input.mutable_answer())] {
      served->complete(answer.call(), bytes_of(answer.payload()), answer.failure());
    });
  }
  loop_.post([served] { served->close(); });
}

grpc::Status ControlService::write_calls(grpc::ServerContext& context, ServeStream& stream,
                                         const ServedNamePtr& served) {
  v1::ServeOutput output;
  output.mutable_started();
  while (stream.Write(output)) {
    output.Clear();  // 16 MiB at most, and the next call may be far off
    const auto call = calls_.in_loop<std::optional<WaitingCall>>(
        context, [&] { return ServedName::next(served); }, kNoCallLimit);
    if (!call) return to_status(context, call.error());
    if (!*call) return grpc::Status::OK;
    v1::ServeOutput::Call& to = *output.mutable_call();
    to.set_call((*call)->id);
    to.set_from_node_id((*call)->call.from.to_string());
    to.set_from_peer_id((*call)->call.from_peer.to_string());
    to.set_payload(to_text((*call)->call.payload));
  }
  return grpc::Status::CANCELLED;
}

}  // namespace warren::app
