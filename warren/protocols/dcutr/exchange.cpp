#include "warren/protocols/dcutr/exchange.hpp"

#include "warren/async/as_result.hpp"
#include "warren/protocols/dcutr/message.hpp"

namespace warren::dcutr {

namespace {

Task<void> send(ByteStream& stream, Message message) {
  const Bytes bytes = encode(message);
  co_await write_delimited(stream, bytes);
}

Task<std::vector<Multiaddr>> expect(ByteStream& stream, Message::Type type) {
  const Bytes bytes = co_await read_delimited(stream, kMessageSizeMax);
  Message message = value_or_throw(decode(bytes), "dcutr");
  if (message.type != type) throw_error(Errc::kMalformed, "dcutr: out of turn");
  co_return std::move(message.addresses);
}

}  // namespace

Task<Offer> exchange_addresses(Clock& clock, ByteStream& stream, std::vector<Multiaddr> told) {
  Message connect{Message::Type::kConnect, std::move(told)};
  const Instant sent = clock.now();
  co_await send(stream, std::move(connect));
  Offer offer;
  offer.heard = co_await expect(stream, Message::Type::kConnect);
  offer.round_trip_time = clock.now() - sent;
  co_return offer;
}

Task<Instant> send_sync(Clock& clock, ByteStream& stream, Duration round_trip_time) {
  Message sync{Message::Type::kSync, {}};
  co_await send(stream, std::move(sync));
  const Instant due = clock.now() + round_trip_time / 2;
  // A peer that ended the stream first is as well prepared.
  const auto ended = co_await as_result(stream.close_write());
  std::ignore = ended;
  co_return due;
}

Task<std::vector<Multiaddr>> hear_addresses(ByteStream& stream) {
  return expect(stream, Message::Type::kConnect);
}

Task<Duration> answer_and_wait(Clock& clock, ByteStream& stream, std::vector<Multiaddr> told) {
  Message connect{Message::Type::kConnect, std::move(told)};
  const Instant sent = clock.now();
  co_await send(stream, std::move(connect));
  const auto ignored = co_await expect(stream, Message::Type::kSync);
  std::ignore = ignored;
  co_return clock.now() - sent;
}

Task<void> answer_with_nothing(ByteStream& stream) {
  Message connect{Message::Type::kConnect, {}};
  co_await send(stream, std::move(connect));
}

}  // namespace warren::dcutr
