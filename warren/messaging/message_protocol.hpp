// /warren/message/1.0.0: one signed message, and an acknowledgement that leaves when the message is on the
// receiver's disk. docs/wire.md, "Messages".
#pragma once

#include "warren/messaging/status.hpp"
#include "warren/messaging/travel.hpp"

namespace warren {

inline constexpr std::string_view kMessageProtocol = "/warren/message/1.0.0";

class MessageProtocol {
 public:
  // All outlive this object. `received` is told each new message, after it is on disk.
  MessageProtocol(MessagingParts& parts, InboxStore& inbox, Signal<const InboxMessage&>& received);

  void start();
  void stop();

  // See Messaging::send_message.
  Task<void> send(PeerInfo to, std::optional<NodeId> expected, Bytes payload, CallOptions options);

 private:
  // A message on its way, through all its attempts.
  struct Outgoing {
    std::optional<NodeId> expected;
    Bytes payload;  // until it is sealed
    std::optional<Sealer::Sealed> sealed;
    CallOptions options;
    PathNeed need;
    Travel travel;
  };
  Task<void> send_in_time(PeerInfo to, Outgoing message);
  Task<Verdict> attempt(Path& path, Outgoing& message);
  Task<void> seal(const NodeId& recipient, Outgoing& message);
  Task<void> take_over(ConnectionPtr connection, StreamPtr stream);
  Task<void> serve(ConnectionPtr connection, StreamPtr stream);
  Task<Result<>> receive(ConnectionPtr connection, ByteStream& stream);
  Task<Result<>> store(PeerId peer, Received received);

  MessagingParts& parts_;
  InboxStore& inbox_;
  Signal<const InboxMessage&>& received_;
};

}  // namespace warren
