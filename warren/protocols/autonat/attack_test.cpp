// AutoNAT asked to dial a victim, with exact bytes: it is not dialed, or costs the asker more than it gets.
// And what else askers may try.
#include <doctest/doctest.h>

#include "warren/async/as_result.hpp"
#include "warren/base/writer.hpp"
#include "warren/core/test_values.hpp"
#include "warren/protocols/autonat/test_service.hpp"

using namespace warren;
using namespace warren::autonat;
using namespace warren::testing;

namespace {

const Multiaddr kVictimQuic = address("/ip4/192.0.2.99/udp/4001/quic-v1");
const Multiaddr kVictimTcp = address("/ip4/192.0.2.99/tcp/4001");

struct Ambush {
  Ambush() {
    victim.listen("/tcp/4001");
    victim.listen("/udp/4001/quic-v1");
    server = attacker.meet(service.at_tcp);
  }
  ~Ambush() {
    for (StreamPtr& stream : streams) stream.reset();
    world.run(victim.host.close());
  }

  std::uint64_t bytes_at_victim() const {
    return victim.quic.bytes_received() + victim.host.counters().bytes_received;
  }
  // How the server answers to these bytes; the stream stays open for more.
  Result<v2::Message> say(const Bytes& bytes) {
    streams.push_back(world.run(server->open_stream(ProtocolId(v2::kDialRequestProtocol))));
    return say_more(bytes);
  }
  Result<v2::Message> say_more(const Bytes& bytes) {
    return world.run(as_result(exchange(streams.back().get(), &world.clock(), bytes)));
  }
  static Task<v2::Message> exchange(ByteStream* stream, Clock* clock, Bytes bytes) {
    co_await stream->write(bytes);
    const Bytes answer = co_await with_timeout(*clock, 20s, read_delimited(*stream, v2::kMessageSizeMax));
    co_return value_or_throw(v2::decode(answer));
  }
  static Bytes framed(const v2::Message& message) {
    const Bytes encoded = v2::encode(message);
    return Writer().delimited(encoded).take();
  }
  static Bytes request(const std::vector<Multiaddr>& addresses) {
    v2::DialRequest request{{}, 7};
    for (const Multiaddr& address : addresses) request.addresses.push_back(address.bytes());
    return framed(request);
  }
  // Messages of data, so many bytes in all.
  static Bytes data(std::uint64_t bytes, std::size_t chunk = v2::kDataChunkMax) {
    Bytes out;
    for (; bytes > 0; bytes -= std::min<std::uint64_t>(bytes, chunk))
      append(out, framed(v2::DialDataResponse{Bytes(std::min<std::uint64_t>(bytes, chunk))}));
    return out;
  }
  static v2::ResponseStatus status(const Result<v2::Message>& answer) {
    REQUIRE(answer);
    REQUIRE(std::holds_alternative<v2::DialResponse>(*answer));
    return std::get<v2::DialResponse>(*answer).status;
  }
  static std::uint64_t wanted(const Result<v2::Message>& answer) {
    REQUIRE(answer);
    REQUIRE(std::holds_alternative<v2::DialDataRequest>(*answer));
    return std::get<v2::DialDataRequest>(*answer).bytes;
  }
  bool still_serves() {
    TestAsker honest(world, world.add_machine("honest", {test_ip("203.0.112.7")}));
    const Multiaddr address = honest.node.listen("/tcp/4001").addresses.front();
    return honest.ask(honest.meet(service.at_tcp), {address}).finding == Finding::kReachable;
  }

  sim::World world{43};
  sim::Machine& far = world.add_machine("server", {test_ip("198.51.100.1")});
  TestService service{world, far};
  TestAsker attacker{world, world.add_machine("attacker", {test_ip("203.0.113.66")})};
  TestNode victim{world.add_machine("victim", {test_ip("192.0.2.99")})};
  ConnectionPtr server;
  std::vector<StreamPtr> streams;
};

}  // namespace

TEST_CASE_FIXTURE(Ambush, "v2: a victim is not dialed before the whole price is paid, to the byte") {
  CHECK(to_hex(request({kVictimTcp})) ==
        "15"
        "0a13"
        "0a0804c0000263060fa1"
        "110700000000000000");
  for (const Multiaddr& address : {kVictimQuic, kVictimTcp}) {
    const std::uint64_t price = wanted(say(request({address})));
    CHECK(price >= 30'000);
    CHECK(price <= 100'000);
    CHECK_FALSE(say_more(data(price - 1)));  // it waits for the last byte, and gives up
    CHECK(bytes_at_victim() == 0);
  }
  CHECK(service.server.counters().dialed == 0);
  CHECK(still_serves());
}

TEST_CASE_FIXTURE(Ambush, "v2: when it is paid, the victim gets less than the asker has sent") {
  for (const Multiaddr& address : {kVictimQuic, kVictimTcp}) {
    const std::uint64_t before = bytes_at_victim();
    const std::uint64_t price = wanted(say(request({address})));
    const auto answer = say_more(data(price));
    REQUIRE(answer);
    CHECK(std::get<v2::DialResponse>(*answer).dial_status == v2::DialStatus::kDialError);
    const std::uint64_t got = bytes_at_victim() - before;
    CHECK(got > 0);
    CHECK(got * 3 < price);
  }
  CHECK(victim.host.connections().empty());
  CHECK(service.prober.host.connections().empty());
}

TEST_CASE_FIXTURE(Ambush, "v2: one victim is dialed three times a minute, however much is paid") {
  for (int i = 0; i < 3; ++i) CHECK(say_more(data(wanted(say(request({kVictimQuic}))))));
  CHECK(status(say(request({kVictimQuic}))) == v2::ResponseStatus::kRequestRejected);
  CHECK(status(say(request({kVictimTcp}))) == v2::ResponseStatus::kRequestRejected);
}

TEST_CASE_FIXTURE(Ambush, "v2: addresses inside the server's network, of clouds' metadata, of the machine") {
  for (const std::string_view text :
       {"/ip4/127.0.0.1/tcp/22", "/ip4/10.0.0.1/tcp/80", "/ip4/169.254.169.254/tcp/80", "/ip6/::1/tcp/22",
        "/ip6/::ffff:127.0.0.1/tcp/22", "/ip4/198.51.100.1/tcp/4001", "/ip4/0.0.0.0/tcp/22",
        "/ip4/192.0.2.99/tcp/4001/p2p/12D3KooWRBhwfeP2Y4TCx1SM6s9rUoHhR5STiGwxBhgFRcw3UERE/p2p-circuit",
        "/ip4/192.0.2.99/tcp/4001/p2p/12D3KooWRBhwfeP2Y4TCx1SM6s9rUoHhR5STiGwxBhgFRcw3UERE",
        "/dns4/victim.example/tcp/443"}) {
    CAPTURE(text);
    CHECK(status(say(request({address(std::string(text))}))) == v2::ResponseStatus::kDialRefused);
    streams.clear();
  }
  CHECK(service.server.counters().dialed == 0);
}

TEST_CASE_FIXTURE(Ambush,
                  "v2: what is no request, or cheats about its price, ends the stream and nothing else") {
  const std::vector<Bytes> table = {
      {0},          {0xff, 0xff, 0xff, 0xff, 0x0f},  // a length of 4 GiB
      {0x81, 0x40},                                  // 8193 bytes
      {3, 1, 2, 3}, framed(v2::DialResponse{}),     framed(v2::DialDataRequest{0, 30'000}), data(100),
  };
  for (const Bytes& bytes : table) {
    CAPTURE(to_hex(bytes));
    CHECK_FALSE(say(bytes));
  }
  wanted(say(request({kVictimTcp})));
  CHECK_FALSE(say_more(data(30'000, 1)));  // a byte a message: work for nothing
  wanted(say(request({kVictimTcp})));
  CHECK_FALSE(say_more(framed(v2::DialDataResponse{Bytes(v2::kDataChunkMax + 1)})));
  wanted(say(request({kVictimTcp})));
  CHECK_FALSE(say_more(request({kVictimTcp})));
  CHECK(bytes_at_victim() == 0);
  CHECK(server->is_open());
  CHECK(still_serves());
}

TEST_CASE_FIXTURE(Ambush, "v2: who pays slowly holds up nobody, and not for long") {
  const Instant began = world.clock().now();
  wanted(say(request({kVictimTcp})));
  wanted(say(request({kVictimTcp})));
  CHECK(status(say(request({kVictimTcp}))) == v2::ResponseStatus::kRequestRejected);
  CHECK(still_serves());
  world.loop().advance(began + 21s - world.clock().now());
  CHECK_FALSE(world.run(as_result(read_delimited(*streams[0], 100))));
  CHECK(bytes_at_victim() == 0);
}

TEST_CASE_FIXTURE(Ambush, "v1: another IP is never dialed, whatever is named") {
  v1::Dial dial{{}, {kVictimTcp.bytes(), kVictimQuic.bytes()}};
  const Bytes bytes = Writer().delimited(v1::encode(dial)).take();
  StreamPtr stream = world.run(server->open_stream(ProtocolId(v1::kProtocol)));
  world.run(stream->write(bytes));
  const Bytes answer = world.run(read_delimited(*stream, v1::kMessageSizeMax));
  const auto message = value_or_throw(v1::decode(answer));
  CHECK(std::get<v1::DialResponse>(message).status == v1::Status::kDialError);  // the attacker's own ports
  CHECK(bytes_at_victim() == 0);

  v1::Dial forged{to_bytes(victim.host.peer_id().bytes()), {kVictimTcp.bytes()}};
  stream = world.run(server->open_stream(ProtocolId(v1::kProtocol)));
  world.run(stream->write(Writer().delimited(v1::encode(forged)).take()));
  const Bytes refusal = world.run(read_delimited(*stream, v1::kMessageSizeMax));
  CHECK(std::get<v1::DialResponse>(value_or_throw(v1::decode(refusal))).status == v1::Status::kBadRequest);
  stream.reset();
  CHECK(bytes_at_victim() == 0);
}

TEST_CASE_FIXTURE(Ambush, "a flood of askers is cut to the limit, and the limit is named") {
  const Multiaddr own = attacker.node.listen("/tcp/4001").addresses.front();
  for (int i = 0; i < 40; ++i) {
    std::ignore = say(request({own}));
    streams.clear();
  }
  CHECK(service.server.counters().dialed == 12);
  CHECK(service.server.counters().rejected == 28);
  CHECK(service.per_peer.use().refused == 28);
  // Others with a name of their own, at the same IP.
  std::size_t taken = 0;
  for (std::uint8_t i = 0; i < 3; ++i) {
    TestNode other(attacker.node.machine);
    server = world.run(other.host.connect(service.at_tcp));
    for (int k = 0; k < 12; ++k) taken += status(say(request({own}))) == v2::ResponseStatus::kOk ? 1 : 0;
    streams.clear();
    world.run(other.host.close());
  }
  CHECK(taken == 12);
}
