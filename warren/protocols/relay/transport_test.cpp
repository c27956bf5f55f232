// Circuits end to end: dialed and accepted through a relay, secured and multiplexed by both ends' upgraders.
#include "warren/protocols/relay/transport.hpp"

#include <doctest/doctest.h>

#include "warren/protocols/relay/circuit_address.hpp"
#include "warren/protocols/relay/test_world.hpp"

using namespace warren;
using namespace warren::relay;

namespace {

const ProtocolId kEcho = "/echo/1.0.0";

Task<void> echo(ConnectionPtr, StreamPtr stream) {
  Bytes buffer(16 * 1024);
  while (true) {
    const std::size_t size = co_await stream->read_some(buffer);
    if (size == 0) break;
    co_await stream->write(BytesView(buffer).first(size));
  }
  co_await stream->close_write();
}

Task<Bytes> echoed(ConnectionPtr connection, Bytes bytes) {
  StreamPtr stream = co_await connection->open_stream(kEcho);
  co_await stream->write(bytes);
  co_await stream->close_write();
  Bytes back = co_await read_to_end(*stream, 1 << 20);
  co_return back;
}

// Says all of it, whatever comes back; how the stream ended.
Task<std::error_code> say_much(ConnectionPtr connection, std::size_t size) {
  StreamPtr stream = co_await connection->open_stream(kEcho);
  const Bytes block(8 * 1024);
  for (std::size_t said = 0; said < size; said += block.size()) {
    const auto written = co_await as_result(stream->write(block));
    if (!written) co_return written.error();
    Bytes back(block.size());
    const auto read = co_await as_result(read_exactly(*stream, back));
    if (!read) co_return read.error();
  }
  co_return std::error_code();
}

struct Trio {
  explicit Trio(std::uint64_t seed, ServiceConfig config = {}) : world(seed) {
    relay.offer_relay(config);
    bob.node.host.handle(kEcho, echo);
    bob.need_relays({.configured = {relay.info}, .wanted_max = 1});
    wait_until(world, 5s, [&] { return bob.held() == 1; });
    REQUIRE(bob.held() == 1);
  }
  Result<ConnectionPtr> dial() { return world.run(as_result(alice.node.host.connect(bob.reached()))); }

  sim::World world;
  CircuitNode relay{world, "relay"};
  CircuitNode bob{world, "bob"};
  CircuitNode alice{world, "alice"};
};

}  // namespace

TEST_CASE("a peer that nobody can dial is reached through its relay") {
  Trio trio(1);
  const auto connection = trio.dial();
  REQUIRE(connection);
  CHECK((*connection)->remote_peer() == trio.bob.node.host.peer_id());
  CHECK((*connection)->remote_address() == trio.bob.reached().addresses.front());
  CHECK((*connection)->local_address().to_string() == "/p2p-circuit");
  CHECK((*connection)->security() == "/noise");
  CHECK((*connection)->muxer() == "/yamux/1.0.0");
  const Bytes words = to_bytes("how are you behind there?");
  CHECK(trio.world.run(echoed(*connection, words)) == words);

  const CircuitBudget* budget = (*connection)->circuit_budget();
  REQUIRE(budget != nullptr);
  CHECK(budget->bytes_each_way_max == 128 * 1024);
  CHECK(budget->sent > words.size());
  CHECK(budget->received > words.size());
  CHECK(*budget->ends - trio.world.clock().now() <= 2min);

  const auto theirs = trio.bob.node.host.connections(trio.alice.node.host.peer_id());
  REQUIRE(theirs.size() == 1);
  CHECK(theirs.front()->direction() == Direction::kInbound);
  const auto path = CircuitAddress::of(theirs.front()->remote_address());
  REQUIRE(path);
  CHECK(path->relay == trio.relay.node.host.peer_id());
  CHECK(path->via == trio.relay.info.addresses.front());
  CHECK(theirs.front()->circuit_budget() != nullptr);
  CHECK(trio.relay.service->counters().circuits == 1);
  CHECK(trio.bob.node.host.connections(trio.alice.node.host.peer_id()).size() == 1);
}

TEST_CASE("a relay without limits sets no budget") {
  Trio trio(2, {.circuit = {}});
  const auto connection = trio.dial();
  REQUIRE(connection);
  CHECK((*connection)->circuit_budget() == nullptr);
  CHECK_FALSE(trio.world.run(say_much(*connection, 512 * 1024)));
}

TEST_CASE("a circuit ends when its bytes are used up, and says why") {
  Trio trio(3);
  const auto connection = trio.dial();
  REQUIRE(connection);
  CHECK(trio.world.run(say_much(*connection, 1024 * 1024)));
  trio.world.loop().advance(2s);
  CHECK_FALSE((*connection)->is_open());
  CHECK((*connection)->end_reason() == Errc::kLimitedByBudget);
  CHECK(trio.relay.service->counters().circuits_ended_by_limit == 1);
  CHECK(trio.bob.node.host.connections(trio.alice.node.host.peer_id()).empty());
  CHECK(trio.bob.held() == 1);
  CHECK(trio.dial());  // another one
}

TEST_CASE("a circuit ends when its time is over, and says why") {
  Trio trio(4);
  const auto connection = trio.dial();
  REQUIRE(connection);
  trio.world.loop().advance(110s);
  CHECK((*connection)->is_open());
  trio.world.loop().advance(12s);
  CHECK_FALSE((*connection)->is_open());
  CHECK((*connection)->end_reason() == Errc::kLimitedByBudget);
}

TEST_CASE("who holds no reservation is not reached, and the reason is told") {
  Trio trio(5);
  CircuitNode carol(trio.world, "carol");
  const Multiaddr through = circuit_through(trio.relay.info.addresses.front(), trio.relay.info.id);
  const auto dialed = trio.world.run(
      as_result(trio.alice.circuits.dial(through.with(Protocol::kP2p, carol.node.host.peer_id().bytes()))));
  REQUIRE_FALSE(dialed);
  CHECK(dialed.error() == Errc::kNoReservation);
  const auto nobody = trio.world.run(as_result(trio.alice.circuits.dial(through)));
  REQUIRE_FALSE(nobody);
  CHECK(nobody.error() == Errc::kBadAddress);
  // Bob speaks no hop.
  const Multiaddr over_bob = circuit_through({}, trio.bob.node.host.peer_id());
  REQUIRE(trio.dial());
  const auto over = trio.world.run(
      as_result(trio.alice.circuits.dial(over_bob.with(Protocol::kP2p, carol.node.host.peer_id().bytes()))));
  REQUIRE_FALSE(over);  // a relay that is reached through a relay is none
  CHECK(over.error() != Errc::kNoReservation);
}

TEST_CASE("the transport knows its addresses") {
  CircuitTransport circuits;
  const std::string peer = "/p2p/QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N";
  const auto handles = [&](const std::string& text) {
    return circuits.handles(value_or_throw(Multiaddr::parse(text)));
  };
  CHECK(handles("/p2p-circuit"));
  CHECK(handles("/ip4/192.0.2.1/tcp/1" + peer + "/p2p-circuit"));
  CHECK(handles("/ip4/192.0.2.1/tcp/1" + peer + "/p2p-circuit" + peer));
  CHECK_FALSE(handles("/ip4/192.0.2.1/tcp/1"));
  CHECK_FALSE(handles("/ip4/192.0.2.1/tcp/1" + peer));
  sim::World world(6);
  CircuitNode node(world, "node");
  CHECK(node.circuits.listen(value_or_throw(Multiaddr::parse("/ip4/192.0.2.1/tcp/1"))).error() ==
        Errc::kBadAddress);
  auto listener = node.circuits.listen(any_circuit());
  REQUIRE(listener);
  CHECK(node.circuits.listen(any_circuit()).error() == Errc::kAddressInUse);
  listener->reset();
  CHECK(node.node.host.protocols().empty());
  CHECK(node.circuits.listen(any_circuit()));
}

namespace {

// What a relay says on a STOP stream, and the status it gets; nothing when the stream was reset.
Task<std::optional<Status>> stop(ConnectionPtr connection, Bytes message) {
  StreamPtr stream = co_await connection->open_stream(ProtocolId(kStopProtocol));
  const auto written = co_await as_result(write_delimited(*stream, message));
  if (!written) co_return std::nullopt;
  const auto bytes = co_await as_result(read_delimited(*stream, kMessageSizeMax));
  if (!bytes) co_return std::nullopt;
  const auto answer = decode_stop(*bytes);
  REQUIRE(answer);
  co_return answer->status;
}

Bytes invitation(const PeerId& from) {
  StopMessage message;
  message.peer.emplace(Peer{.id = from, .addresses = {}});
  return encode(message);
}

Task<void> stop_and_wait(ConnectionPtr connection, Bytes message, std::vector<std::optional<Status>>* said,
                         Clock* clock) {
  StreamPtr stream = co_await connection->open_stream(ProtocolId(kStopProtocol));
  co_await write_delimited(*stream, message);
  const auto bytes = co_await as_result(read_delimited(*stream, kMessageSizeMax));
  said->push_back(bytes ? value_or_throw(decode_stop(*bytes)).status : std::nullopt);
  co_await clock->sleep_for(1min);  // the circuit stays, and says nothing
}

}  // namespace

TEST_CASE("circuits are taken from relays that are held, and from nobody else") {
  Trio trio(7);
  CircuitNode stranger(trio.world, "stranger");
  const PeerInfo bob_at = trio.bob.node.listen();
  const ConnectionPtr to_bob = trio.world.run(stranger.node.host.connect(bob_at));
  const Bytes message = invitation(trio.alice.node.host.peer_id());
  CHECK(trio.world.run(stop(to_bob, message)) == Status::kPermissionDenied);

  const ConnectionPtr relay_to_bob = trio.relay.node.host.connections(trio.bob.node.host.peer_id()).front();
  CHECK(trio.world.run(stop(relay_to_bob, message)) == Status::kOk);
  CHECK(trio.world.run(stop(relay_to_bob, to_bytes("\xff\xff\xff"))) == Status::kMalformedMessage);
  CHECK(trio.world.run(stop(relay_to_bob, invitation(trio.bob.node.host.peer_id()))) ==
        Status::kConnectionFailed);
  StopMessage nobody;
  CHECK(trio.world.run(stop(relay_to_bob, encode(nobody))) == Status::kMalformedMessage);
  StopMessage status;
  status.type = StopMessage::Type::kStatus;
  CHECK(trio.world.run(stop(relay_to_bob, encode(status))) == Status::kUnexpectedMessage);
  CHECK_FALSE(trio.world.run(stop(relay_to_bob, Bytes(5000))));
}

TEST_CASE("a relay that floods with circuits fills a queue, and nobody else is hurt") {
  Trio trio(8);
  const ConnectionPtr relay_to_bob = trio.relay.node.host.connections(trio.bob.node.host.peer_id()).front();
  const Bytes message = invitation(trio.alice.node.host.peer_id());
  std::vector<std::optional<Status>> said;
  TaskGroup flood(trio.world.loop().executor(), "flood");
  for (int i = 0; i < 240; ++i) flood.spawn(stop_and_wait(relay_to_bob, message, &said, &trio.world.clock()));
  trio.world.loop().advance(1s);
  CHECK(said.size() == 240);
  CHECK(std::ranges::count(said, Status::kOk) >= static_cast<std::ptrdiff_t>(kArrivalsMax));
  // What is taken is half open, and of these there is room for so many.
  CHECK(trio.dial());
  trio.world.run(flood.close());
  trio.world.loop().advance(15s);
  const auto connections = trio.bob.node.host.connections();
  CHECK(connections.size() == 2);
  CHECK(trio.bob.held() == 1);
}

TEST_CASE("circuits end with the connection to their relay, and with the host") {
  Trio trio(9);
  const auto connection = trio.dial();
  REQUIRE(connection);
  trio.alice.node.host.connections(trio.relay.info.id).front()->close();
  trio.world.loop().advance(3s);
  CHECK_FALSE((*connection)->is_open());
  CHECK(trio.bob.node.host.connections(trio.alice.node.host.peer_id()).empty());
  REQUIRE(trio.dial());  // and all is closed with a circuit open
}
