#include "warren/protocols/identify/identify.hpp"

#include <doctest/doctest.h>

#include "warren/async/as_result.hpp"
#include "warren/base/writer.hpp"
#include "warren/protocols/identify/exchange.hpp"
#include "warren/swarm/test_node.hpp"

using namespace warren;

namespace {

// A host that speaks identify.
struct IdentifyingNode : TestNode {
  IdentifyingNode(sim::Machine& machine, std::string version, SwarmLimits limits = {})
      : TestNode(machine, limits),
        identify(host, std::move(version),
                 {.protocols = &host.limit_table()[&SwarmLimits::identify_protocols_max],
                  .addresses = &host.limit_table()[&SwarmLimits::identify_addresses_max]}) {
    identify.start();
  }
  Task<void> close() {
    co_await identify.close();
    co_await host.close();
  }
  identify::Identify identify;
};

struct TwoNodes {
  explicit TwoNodes(SwarmLimits bobs_limits = {})
      : alice(world.add_machine("alice"), "alice/1"), bob(world.add_machine("bob"), "bob/1", bobs_limits) {
    alice.listen();
    bob_info = bob.listen();
    connection = world.run(alice.host.connect(bob_info));
    world.loop().advance(1s);
  }
  ~TwoNodes() {
    world.run(alice.close());
    world.run(bob.close());
  }
  sim::World world{3};
  IdentifyingNode alice;
  IdentifyingNode bob;
  PeerInfo bob_info;
  ConnectionPtr connection;
};

Task<void> push(ConnectionPtr connection, Bytes bytes) {
  StreamPtr stream = co_await connection->open_stream(ProtocolId(identify::kPushProtocol));
  co_await stream->write(bytes);
  co_await stream->close_write();
  std::uint8_t byte = 0;
  co_await stream->read_some(MutableBytes(&byte, 1));
}

Bytes delimited(const identify::Message& message) {
  Writer writer;
  writer.delimited(message.encode());
  return writer.take();
}

}  // namespace

TEST_CASE("after connecting, both sides know each other: protocols, versions, signed addresses") {
  TwoNodes net;
  const auto bob = net.alice.peerstore.description(net.bob.host.peer_id());
  REQUIRE(bob);
  CHECK(bob->agent_version == "bob/1");
  CHECK(std::ranges::find(bob->protocols, identify::kPushProtocol) != bob->protocols.end());
  CHECK(net.alice.peerstore.peer_record_seq(net.bob.host.peer_id()));

  const Instant now = net.world.clock().now();
  CHECK(net.bob.peerstore.description(net.alice.host.peer_id())->agent_version == "alice/1");
  CHECK(net.bob.peerstore.addresses(net.alice.host.peer_id(), now) == net.alice.host.addresses());
}

TEST_CASE("a new protocol is pushed to who is connected, once") {
  TwoNodes net;
  for (int i = 0; i < 3; ++i) {
    net.bob.host.handle("/new/" + std::to_string(i),
                        [](ConnectionPtr, StreamPtr) -> Task<void> { co_return; });
  }
  net.world.loop().advance(2s);
  const auto protocols = net.alice.peerstore.description(net.bob.host.peer_id())->protocols;
  for (int i = 0; i < 3; ++i)
    CHECK(std::ranges::find(protocols, "/new/" + std::to_string(i)) != protocols.end());
}

TEST_CASE("a flood of pushes is refused after the first ones, and the connection stays usable") {
  TwoNodes net;
  // Both pushed when they began to listen; by then that has its place in the budget again.
  net.world.loop().advance(2 * identify::kPushInterval);
  identify::Message message;
  int taken = 0;
  for (int i = 0; i < 50; ++i) {
    message.agent_version = std::to_string(i);
    if (net.world.run(as_result(push(net.connection, delimited(message))))) ++taken;
  }
  CHECK(taken >= static_cast<int>(identify::kPushBurst));
  CHECK(taken <= static_cast<int>(identify::kPushBurst) + 2);
  CHECK(net.connection->is_open());
}

TEST_CASE("a push that lies about the key, or is garbage, changes nothing") {
  TwoNodes net;
  identify::Message forged;
  forged.public_key = net.bob.key.public_key().to_protobuf();  // alice claims bob's key
  forged.agent_version = "forged";
  CHECK_FALSE(net.world.run(as_result(push(net.connection, delimited(forged)))));
  CHECK_FALSE(net.world.run(as_result(push(net.connection, Bytes{0xff, 0xff, 0xff, 0xff, 0x7f}))));
  CHECK_FALSE(net.world.run(as_result(push(net.connection, Bytes{5, 1, 2}))));
  CHECK(net.bob.peerstore.description(net.alice.host.peer_id())->agent_version == "alice/1");
  CHECK(net.connection->is_open());
}

TEST_CASE("a peer record of somebody else is ignored") {
  TwoNodes net;
  const Instant now = net.world.clock().now();
  const auto before = net.bob.peerstore.addresses(net.alice.host.peer_id(), now);
  identify::Message message;
  const PeerRecord bobs{
      net.bob.host.peer_id(), 1, {value_or_throw(Multiaddr::parse("/ip4/203.0.113.1/tcp/1"))}};
  message.signed_peer_record = bobs.seal(net.bob.key);
  net.world.run(push(net.connection, delimited(message)));
  CHECK(net.bob.peerstore.addresses(net.alice.host.peer_id(), now) == before);
  CHECK(net.bob.peerstore.addresses(net.bob.host.peer_id(), now).empty());
}

TEST_CASE("more messages than allowed, and an oversized one, are refused") {
  TwoNodes net;
  Bytes many;
  identify::Message message;
  message.agent_version = std::string(200, 'x');
  for (int i = 0; i < 11; ++i) append(many, delimited(message));
  CHECK_FALSE(net.world.run(as_result(push(net.connection, many))));
  CHECK_FALSE(net.world.run(as_result(push(net.connection, Bytes{0x81, 0x40}))));  // 8,193 announced
}

TEST_CASE("what a peer tells beyond the limits is cut off and counted, in a signed record too") {
  SwarmLimits limits;
  limits.identify_protocols_max = 300;
  limits.identify_addresses_max = 40;
  TwoNodes net(limits);
  const LimitUse& protocols = net.bob.host.limit_table()[&SwarmLimits::identify_protocols_max].use();
  const LimitUse& addresses = net.bob.host.limit_table()[&SwarmLimits::identify_addresses_max].use();
  CHECK(protocols.used > 0);
  CHECK(addresses.used == 1);

  Bytes messages;
  for (int part = 0; part < 2; ++part) {
    identify::Message message;
    for (int i = 0; i < 200; ++i) message.protocols.push_back("/p/" + std::to_string(200 * part + i));
    append(messages, delimited(message));
  }
  identify::Message last;
  PeerRecord record{net.alice.host.peer_id(), ~0ULL, {}};
  for (int port = 1; port <= 100; ++port) {
    record.addresses.push_back(
        value_or_throw(Multiaddr::parse("/ip4/192.0.2.1/tcp/" + std::to_string(port))));
  }
  last.signed_peer_record = record.seal(net.alice.key);
  append(messages, delimited(last));
  net.world.run(push(net.connection, messages));
  CHECK(net.bob.peerstore.description(net.alice.host.peer_id())->protocols.size() == 300);
  CHECK(protocols.used == 300);
  CHECK(protocols.refused == 100);
  CHECK(addresses.used == 40);
  CHECK(addresses.refused == kPeerRecordAddressesMax - 40);  // what is beyond that is never read
}
