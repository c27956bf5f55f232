#include "warren/protocols/relay/hop.hpp"

namespace warren::relay {

namespace {

Task<HopMessage> ask(ByteStream& stream, HopMessage request) {
  const Bytes asked = encode(request);
  co_await write_delimited(stream, asked);
  const Bytes bytes = co_await read_delimited(stream, kMessageSizeMax);
  HopMessage answer = value_or_throw(decode_hop(bytes), "relay's answer");
  if (answer.type != HopMessage::Type::kStatus || !answer.status)
    throw_error(Errc::kRelayFailed, "no status in the relay's answer");
  if (*answer.status != Status::kOk)
    throw_error(error_of(*answer.status), std::string(to_string(*answer.status)));
  co_return answer;
}

}  // namespace

Task<GrantedReservation> ask_for_reservation(ByteStream& stream) {
  HopMessage request;
  request.type = HopMessage::Type::kReserve;
  HopMessage answer = co_await ask(stream, std::move(request));
  if (!answer.reservation) throw_error(Errc::kRelayFailed, "no reservation in the relay's answer");
  co_await stream.close_write();
  co_return GrantedReservation{std::move(*answer.reservation), answer.limit};
}

Task<CircuitLimits> ask_for_circuit(ByteStream& stream, PeerId peer) {
  HopMessage request;
  request.type = HopMessage::Type::kConnect;
  request.peer.emplace(Peer{.id = std::move(peer), .addresses = {}});
  const HopMessage answer = co_await ask(stream, std::move(request));
  co_return answer.limit;
}

}  // namespace warren::relay
