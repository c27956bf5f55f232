#include "warren/protocols/identify/exchange.hpp"

#include "warren/core/farewell.hpp"
#include "warren/core/ip_address.hpp"

namespace warren::identify {

Task<void> send(Clock& clock, StreamPtr stream, Message message) {
  const Bytes encoded = message.encode();
  co_await write_delimited(*stream, encoded);
  co_await say_farewell(clock, *stream);
}

Task<Message> receive(ByteStream& stream, Limits limits) {
  Message message;
  std::size_t count = 0;
  while (const auto encoded = co_await read_delimited_or_end(stream, limits.message_size_max)) {
    if (++count > limits.messages_max) throw_error(Errc::kLimitReached, "identify");
    value_or_throw(message.merge(*encoded, limits), "identify");
  }
  co_return message;
}

std::vector<Multiaddr> shown_to(const Connection& connection, std::vector<Multiaddr> addresses) {
  if (!is_loopback(connection.remote_address())) std::erase_if(addresses, is_loopback);
  return addresses;
}

}  // namespace warren::identify
