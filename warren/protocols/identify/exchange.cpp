#include "warren/protocols/identify/exchange.hpp"

#include "warren/core/address_scope.hpp"
#include "warren/core/farewell.hpp"

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

namespace {

enum class Reach { kPublic, kPrivate, kLoopback };

// What begins with no IP address is nothing that we could judge: a name, or a pipe in memory.
Reach reach_of(const Multiaddr& address, Reach without_ip) {
  const auto scope = scope_of(address);
  if (!scope) return without_ip;
  if (*scope == AddressScope::kLoopback) return Reach::kLoopback;
  return *scope == AddressScope::kPublic ? Reach::kPublic : Reach::kPrivate;
}

Reach reach_of(const Multiaddr& address) {
  return reach_of(address, Reach::kPublic);
}

// The order stays.
void keep_the_furthest(std::vector<Multiaddr>& addresses) {
  std::size_t left = kShownBytesMax;
  std::vector<bool> kept(addresses.size());
  for (const Reach reach : {Reach::kPublic, Reach::kPrivate, Reach::kLoopback}) {
    for (std::size_t i = 0; i < addresses.size(); ++i) {
      const std::size_t size = addresses[i].bytes().size();
      if (reach_of(addresses[i]) != reach || size > left) continue;
      kept[i] = true;
      left -= size;
    }
  }
  std::size_t index = 0;
  std::erase_if(addresses, [&](const Multiaddr&) { return !kept[index++]; });
}

}  // namespace

std::vector<Multiaddr> shown_to(const Connection& connection, std::vector<Multiaddr> addresses) {
  const Multiaddr remote = connection.remote_address();
  const Reach reach = reach_of(remote, is_circuit(remote) ? Reach::kPublic : Reach::kPrivate);
  std::erase_if(addresses, [reach](const Multiaddr& address) { return reach_of(address) > reach; });
  keep_the_furthest(addresses);
  return addresses;
}

}  // namespace warren::identify
