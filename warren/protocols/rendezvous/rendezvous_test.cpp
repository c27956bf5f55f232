// Hosts that meet at a rendezvous point, and some that misbehave there.
#include <doctest/doctest.h>

#include "warren/async/as_result.hpp"
#include "warren/base/writer.hpp"
#include "warren/protocols/rendezvous/client.hpp"
#include "warren/protocols/rendezvous/record.hpp"
#include "warren/protocols/rendezvous/server.hpp"
#include "warren/swarm/test_node.hpp"

using namespace warren;
using namespace warren::rendezvous;

namespace {

struct Meeting {
  Meeting() {
    server.start();
    at_point = point.listen();
    for (TestNode* node : {&alice, &bob}) node->listen();
    from_alice = world.run(alice.host.connect(at_point));
    from_bob = world.run(bob.host.connect(at_point));
  }
  ~Meeting() {
    world.run(server.close());
    for (TestNode* node : {&alice, &bob, &point}) world.run(node->host.close());
  }

  std::expected<std::chrono::seconds, Status> enroll_alice(std::string name, std::chrono::seconds ttl = {}) {
    return world.run(enroll(alice.host, from_alice, std::move(name), alice.host.addresses(), ttl));
  }
  std::expected<Discovered, Status> bob_discovers(std::string name, Bytes cookie = {}) {
    return world.run(discover(bob.host, from_bob, std::move(name), 0, std::move(cookie)));
  }
  std::vector<PeerId> found(const std::expected<Discovered, Status>& discovered) {
    std::vector<PeerId> peers;
    for (const Found& each : discovered.value().found) peers.push_back(each.record.peer_id);
    return peers;
  }
  // What the point answers to these bytes of alice's; why the stream ended, when it does not.
  Result<Message> say(Bytes bytes) { return world.run(as_result(say_raw(from_alice, std::move(bytes)))); }
  static Task<Message> say_raw(ConnectionPtr connection, Bytes bytes) {
    StreamPtr stream = co_await connection->open_stream(ProtocolId(kProtocol));
    co_await stream->write(bytes);
    const Bytes answer = co_await read_delimited(*stream, kResponseSizeMax);
    co_return value_or_throw(decode(answer));
  }
  static Bytes framed(const Message& message) {
    const Bytes encoded = encode(message);
    return Writer().delimited(encoded).take();
  }

  sim::World world{71};
  TestNode point{world.add_machine("point")};
  TestNode alice{world.add_machine("alice")};
  TestNode bob{world.add_machine("bob")};
  Limit total{"total", "", 1000};
  Limit per_peer{"per_peer", "", 10};
  Server server{point.host, total, per_peer};
  PeerInfo at_point;
  ConnectionPtr from_alice, from_bob;
};

// A point that knows the RFC's form of records only, and ends the stream when it meets another.
Task<void> take_rfc_records(StreamPtr stream, Bytes* taken) {
  const Bytes bytes = co_await read_delimited(*stream, kRequestSizeMax);
  const Message request = value_or_throw(decode(bytes));
  const Bytes& record = std::get<Register>(request).signed_peer_record;
  if (PeerRecord::open(record)) throw_error(Errc::kMalformed);
  *taken = record;
  const Bytes answer = encode(RegisterResponse{Status::kOk, {}, 7200});
  co_await write_delimited(*stream, answer);
  co_await stream->close_write();
}

// A point that answers every request with the same.
Task<void> answer_with(StreamPtr stream, Bytes answer) {
  co_await read_delimited(*stream, kRequestSizeMax);
  co_await write_delimited(*stream, answer);
  co_await stream->close_write();
}

}  // namespace

TEST_CASE_FIXTURE(Meeting, "one registers, another finds it and can reach it") {
  CHECK(enroll_alice("room").value() == 2h);
  CHECK(enroll_alice("hall", 1h).value() == 1h);
  const auto discovered = bob_discovers("room");
  CHECK(found(discovered) == std::vector{alice.host.peer_id()});
  CHECK(discovered->refused == 0);
  CHECK(discovered->found.front().ttl > 119min);
  CHECK(bob.peerstore.peer_record_seq(alice.host.peer_id()));
  CHECK(bob.peerstore.addresses(alice.host.peer_id(), world.clock().now()) == alice.host.addresses());
  CHECK(world.run(bob.host.connect({alice.host.peer_id(), {}}))->is_open());
  CHECK(found(bob_discovers("")).size() == 2);
  CHECK(found(bob_discovers("cellar")).empty());

  // With the cookie only what came since.
  CHECK(found(bob_discovers("room", discovered->cookie)).empty());
  CHECK(enroll_alice("room"));
  CHECK(found(bob_discovers("room", discovered->cookie)).size() == 1);
  CHECK(bob_discovers("hall", discovered->cookie).error() == Status::kInvalidCookie);
  CHECK(bob_discovers("room", Bytes(24, 7)).error() == Status::kInvalidCookie);

  world.run(withdraw(alice.host, from_alice, "room"));
  CHECK(found(bob_discovers("room")).empty());
  world.loop().advance(1h);
  CHECK(found(bob_discovers("hall")).empty());
  CHECK(server.size() == 0);
}

TEST_CASE_FIXTURE(Meeting, "refusals are told") {
  CHECK(enroll_alice("").error() == Status::kInvalidNamespace);
  CHECK(enroll_alice(std::string(256, 'x')).error() == Status::kInvalidNamespace);
  CHECK(enroll_alice("room", 73h).error() == Status::kInvalidTtl);
  CHECK(bob_discovers(std::string(300, 'x')).error() == Status::kInvalidNamespace);
  for (int i = 0; i < 10; ++i) CHECK(enroll_alice("room" + std::to_string(i)));
  CHECK(enroll_alice("room10").error() == Status::kUnavailable);
  CHECK(per_peer.use().refused == 1);
}

TEST_CASE_FIXTURE(Meeting, "nobody registers another one") {
  const PeerRecord record{bob.host.peer_id(), 1, bob.host.addresses()};
  const Register request{"room", record.seal(bob.key), std::nullopt};
  const auto answer = value_or_throw(say(framed(request)));
  CHECK(std::get<RegisterResponse>(answer).status == Status::kNotAuthorized);
  Register forged = request;
  forged.signed_peer_record[40] ^= 1;
  CHECK(std::get<RegisterResponse>(value_or_throw(say(framed(forged)))).status ==
        Status::kInvalidSignedPeerRecord);
  CHECK(server.size() == 0);
}

TEST_CASE_FIXTURE(Meeting, "what is no request ends the stream, and nothing else") {
  for (const Bytes& bad : {Bytes{3, 1, 2, 3}, Bytes{0}, Bytes{0xff, 0xff, 0xff, 0xff, 0x0f},
                           framed(RegisterResponse{}), framed(DiscoverResponse{})}) {
    const auto answer = say(bad);
    CHECK(!answer);
  }
  const auto began = world.clock().now();
  CHECK(!say({5, 1}));  // and no more
  CHECK(world.clock().now() - began >= kIdleTimeout);
  CHECK(from_alice->is_open());
  CHECK(enroll_alice("room"));
}

TEST_CASE_FIXTURE(Meeting, "a flood of requests is answered with refusals") {
  int refused = 0;
  for (int i = 0; i < 200; ++i) {
    const auto discovered = bob_discovers("room");
    if (!discovered) {
      CHECK(discovered.error() == Status::kUnavailable);
      ++refused;
    }
  }
  CHECK(refused > 100);
  CHECK(enroll_alice("room"));  // others are served
  world.loop().advance(5s);
  CHECK(bob_discovers("room"));
}

TEST_CASE_FIXTURE(Meeting, "records that a point has made up are not believed") {
  const PeerRecord record{alice.host.peer_id(), 1, alice.host.addresses()};
  const Bytes good = record.seal(alice.key);
  Bytes forged = good;
  forged[forged.size() - 1] ^= 1;
  DiscoverResponse response;
  response.registrations = {{"room", forged, 60}, {"hall", good, 60}, {"room", Bytes(100, 9), 60}};
  Bytes answer = encode(response);
  point.host.handle(ProtocolId(kProtocol), [&answer](ConnectionPtr, StreamPtr stream) {
    return answer_with(std::move(stream), answer);
  });
  auto discovered = bob_discovers("room");
  CHECK(found(discovered).empty());
  CHECK(discovered->refused == 3);
  CHECK(bob.peerstore.addresses(alice.host.peer_id(), world.clock().now()).empty());

  // An old record does not take a newer one's place, and a time without end is not believed.
  bob.peerstore.add_peer_record({alice.host.peer_id(), 2, {}}, world.clock().now() + 1h);
  response.registrations = {{"room", good, UINT64_MAX}};
  answer = encode(response);
  discovered = bob_discovers("room");
  CHECK(discovered->found.front().ttl == 72h);
  CHECK(bob.peerstore.addresses(alice.host.peer_id(), world.clock().now()).empty());

  answer = encode(RegisterResponse{});
  CHECK(world.run(as_result(discover(bob.host, from_bob, "room"))).error() == Errc::kMalformed);
}

TEST_CASE_FIXTURE(Meeting, "records in the RFC's form are taken, and offered where no other is understood") {
  const PeerRecord record{alice.host.peer_id(), 1, alice.host.addresses()};
  const Register request{"room", seal_as_rfc(record, alice.key), std::nullopt};
  CHECK(std::get<RegisterResponse>(value_or_throw(say(framed(request)))).status == Status::kOk);
  CHECK(found(bob_discovers("room")) == std::vector{alice.host.peer_id()});
  const Register of_bob{"room", seal_as_rfc({bob.host.peer_id(), 1, {}}, bob.key), std::nullopt};
  CHECK(std::get<RegisterResponse>(value_or_throw(say(framed(of_bob)))).status == Status::kNotAuthorized);

  Bytes taken;
  point.host.handle(ProtocolId(kProtocol), [&taken](ConnectionPtr, StreamPtr stream) {
    return take_rfc_records(std::move(stream), &taken);
  });
  CHECK(enroll_alice("room").value() == 2h);
  CHECK(value_or_throw(open_record(taken)).peer_id == alice.host.peer_id());
}

TEST_CASE_FIXTURE(Meeting, "private addresses are registered on a private network only") {
  const auto parse = [](std::string_view text) { return value_or_throw(Multiaddr::parse(text)); };
  const std::vector all = {parse("/ip4/198.51.100.7/tcp/1"), parse("/ip4/10.0.0.1/tcp/1"),
                           parse("/ip4/127.0.0.1/tcp/1"), parse("/dns4/example.com/tcp/1")};
  CHECK(registrable(*from_alice, all) == std::vector{all[0], all[3]});
}
