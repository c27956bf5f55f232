// /warren/request/1.0.0: a signed request to a named service, and its signed response. docs/wire.md,
// "Requests".
#pragma once

#include "warren/messaging/bodies.hpp"
#include "warren/messaging/service_runner.hpp"
#include "warren/messaging/travel.hpp"

namespace warren {

inline constexpr std::string_view kRequestProtocol = "/warren/request/1.0.0";

class RequestProtocol {
 public:
  // All outlive this object.
  RequestProtocol(MessagingParts& parts, ServiceRunner& runner);

  void start();
  void stop();

  // See Messaging::request.
  Task<Bytes> request(PeerInfo to, std::optional<NodeId> expected, std::string service, Bytes payload,
                      Duration timeout, CallOptions options);

 private:
  // A request on its way, through all its attempts.
  struct Outgoing {
    std::optional<NodeId> expected;
    RequestBody body;
    CallOptions options;
    PathNeed need;
    Travel travel;
    std::optional<Verdict> limited;  // the answer is there, and did not fit into the last circuit
  };
  Task<Bytes> request_in_time(PeerInfo to, Outgoing outgoing);
  Task<Path> next_path(const PeerInfo& to, const Outgoing& outgoing);
  Task<ResponseBody> attempt(Path& path, Outgoing& outgoing);
  Task<Sealer::Sealed> seal(const NodeId& recipient, Outgoing& outgoing);
  Task<ResponseBody> open_reply(const ConnectionPtr& connection, Bytes answer, MessageId request);

  Task<void> take_over(ConnectionPtr connection, StreamPtr stream);
  Task<void> serve(ConnectionPtr connection, StreamPtr stream);
  Task<Result<Received>> receive(ConnectionPtr connection, ByteStream& stream, PeerQuota::Lease& lease);
  Task<Result<AnswerPtr>> answer(Received received, PeerId from_peer);
  Task<void> respond(ByteStream& stream, NodeId to, MessageId request, AnswerPtr answer);

  MessagingParts& parts_;
  ServiceRunner& runner_;
};

}  // namespace warren
