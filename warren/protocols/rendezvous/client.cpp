#include "warren/protocols/rendezvous/client.hpp"

#include "warren/async/as_result.hpp"
#include "warren/core/address_reach.hpp"
#include "warren/core/farewell.hpp"
#include "warren/env/clock.hpp"
#include "warren/protocols/rendezvous/record.hpp"

namespace warren::rendezvous {

namespace {

// A registration may last three days, but where the peer is then is anybody's guess.
constexpr auto kAddressLifeMax = std::chrono::hours(6);
// What the specification takes when nothing is said.
constexpr std::uint64_t kTtlUnknown = 2 * 60 * 60;

std::chrono::seconds bounded_ttl(std::uint64_t seconds) {
  constexpr auto kMost = std::chrono::seconds(std::chrono::hours(72));
  return std::chrono::seconds(
      static_cast<std::int64_t>(std::min<std::uint64_t>(seconds, static_cast<std::uint64_t>(kMost.count()))));
}

Task<Message> exchange(Clock* clock, StreamPtr stream, Message request) {
  const Bytes encoded = encode(request);
  co_await write_delimited(*stream, encoded);
  co_await stream->close_write();
  const Bytes answer = co_await read_delimited(*stream, kResponseSizeMax);
  co_await say_farewell(*clock, *stream);
  co_return value_or_throw(decode(answer), "rendezvous");
}

// The answer, of the type that is due.
template <class Answer>
Task<Answer> ask(Host* host, ConnectionPtr point, Message request) {
  Clock& clock = host->env().clock;
  StreamPtr stream = co_await point->open_stream(ProtocolId(kProtocol));
  auto asked = exchange(&clock, std::move(stream), std::move(request));
  Message message = co_await with_timeout(clock, kRequestTimeout, std::move(asked));
  auto* answer = std::get_if<Answer>(&message);
  if (answer == nullptr) throw_error(Errc::kMalformed, "rendezvous: another answer than was due");
  co_return std::move(*answer);
}

// What a point does about a record that is not of its form: rust-libp2p says nothing and ends the stream.
bool not_understood(const Result<RegisterResponse>& answer) {
  if (answer) return answer->status == Status::kInvalidSignedPeerRecord;
  return answer.error() == Errc::kReset || answer.error() == Errc::kEndOfStream;
}

Discovered verified(const DiscoverResponse& response, std::string_view name_space) {
  Discovered discovered;
  for (const Register& registration : response.registrations) {
    auto record = open_record(registration.signed_peer_record);
    const bool wanted = name_space.empty() || registration.name_space == name_space;
    if (!record || !wanted) {
      ++discovered.refused;
      continue;
    }
    discovered.found.push_back(
        {registration.name_space, std::move(*record), bounded_ttl(registration.ttl.value_or(kTtlUnknown))});
  }
  discovered.cookie = response.cookie;
  return discovered;
}

Task<void> say_and_leave(Clock* clock, StreamPtr stream, Message message) {
  const Bytes encoded = encode(message);
  co_await write_delimited(*stream, encoded);
  co_await say_farewell(*clock, *stream);
}

}  // namespace

std::vector<Multiaddr> registrable(const Connection& point, std::vector<Multiaddr> addresses) {
  const AddressScope theirs = distance_to(point);
  std::erase_if(addresses, [theirs](const Multiaddr& address) {
    const auto scope = scope_of(address);
    return scope && !is_usable(*scope, theirs);
  });
  return addresses;
}

Task<std::expected<std::chrono::seconds, Status>> enroll(Host& host, ConnectionPtr point,
                                                         std::string name_space,
                                                         std::vector<Multiaddr> addresses,
                                                         std::chrono::seconds ttl) {
  const PeerRecord record{.peer_id = host.peer_id(),
                          .seq = static_cast<std::uint64_t>(unix_ms(host.env().clock.wall_now())),
                          .addresses = std::move(addresses)};
  Register request{.name_space = std::move(name_space),
                   .signed_peer_record = record.seal(host.key()),
                   .ttl = std::nullopt};
  if (ttl > std::chrono::seconds::zero()) request.ttl = static_cast<std::uint64_t>(ttl.count());
  auto first = co_await as_result(ask<RegisterResponse>(&host, point, request));
  if (not_understood(first)) {
    request.signed_peer_record = seal_as_rfc(record, host.key());
    first = co_await as_result(ask<RegisterResponse>(&host, std::move(point), std::move(request)));
  }
  const RegisterResponse answer = value_or_throw(std::move(first));
  if (answer.status != Status::kOk) co_return std::unexpected(answer.status);
  co_return bounded_ttl(answer.ttl);
}

Task<void> withdraw(Host& host, ConnectionPtr point, std::string name_space) {
  Clock& clock = host.env().clock;
  StreamPtr stream = co_await point->open_stream(ProtocolId(kProtocol));
  Message message = Unregister{std::move(name_space)};
  auto said = say_and_leave(&clock, std::move(stream), std::move(message));
  co_await with_timeout(clock, kRequestTimeout, std::move(said));
}

Task<std::expected<Discovered, Status>> discover(Host& host, ConnectionPtr point, std::string name_space,
                                                 std::size_t limit, Bytes cookie) {
  Discover request{.name_space = name_space, .limit = std::nullopt, .cookie = std::move(cookie)};
  if (limit > 0) request.limit = limit;
  auto answer = co_await ask<DiscoverResponse>(&host, std::move(point), std::move(request));
  if (answer.status != Status::kOk) co_return std::unexpected(answer.status);
  auto verify = [response = std::move(answer), name_space] { return verified(response, name_space); };
  Discovered discovered = co_await host.env().offload.run(std::move(verify));
  const Instant now = host.env().clock.now();
  for (const Found& each : discovered.found) {
    if (each.record.peer_id == host.peer_id()) continue;
    host.peerstore().add_peer_record(each.record, now + std::min<Duration>(each.ttl, kAddressLifeMax));
  }
  co_return discovered;
}

}  // namespace warren::rendezvous
