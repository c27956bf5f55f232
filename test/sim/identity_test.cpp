// What a node's PeerID is made of: a key of its own of any type, or the SM2 key itself (identity mode "sm2").
#include <doctest/doctest.h>

#include "test/sim/node_world.hpp"
#include "warren/async/as_result.hpp"
#include "warren/async/task_group.hpp"
#include "warren/negotiation/multistream.hpp"
#include "warren/security/noise/transport.hpp"
#include "warren/transport/tcp/transport.hpp"

using namespace warren;

namespace {

PeerId peer_id_of_node(const Node& node) {
  return PeerId::from_public_key(PublicKey::from_sm2(node.node_id().public_key()));
}

// A message and a request each way, over one connection that `alice` dials.
void converse(NodeWorld& net, Node& alice, Node& bob) {
  alice.serve("reverse", reverse);
  bob.serve("reverse", reverse);
  const PeerStatus status = net.world.run(alice.connect(target_of(bob)));
  CHECK(status.node_id == bob.node_id());
  CHECK(status.peer_id == bob.peer_id());
  net.world.run(alice.send_message(bob.node_id(), to_bytes("hello")));
  net.world.run(bob.send_message(alice.node_id(), to_bytes("hello yourself")));
  CHECK(net.world.run(alice.request(bob.node_id(), "reverse", to_bytes("abc"))) == to_bytes("cba"));
  CHECK(net.world.run(bob.request(alice.peer_id(), "reverse", to_bytes("abc"))) == to_bytes("cba"));
  for (const auto& [from, to] : {std::pair{&alice, &bob}, {&bob, &alice}}) {
    const auto inbox = net.world.run(to->inbox(0, 10));
    REQUIRE(inbox.size() == 1);
    CHECK(inbox[0].from_node == from->node_id());
    // The peer record, which identify brings, is signed with the peer's own key.
    CHECK(to->host().peerstore().peer_record_seq(from->peer_id()));
  }
  CHECK(alice.peers().size() == 1);
}

const NodeWorld::Wishes kSm2{.identity = IdentityMode::kSm2};

}  // namespace

TEST_CASE("a network of SM2 identities: messages, requests and peer records as in bound mode") {
  for (const std::string security : {"/noise", "/tls/1.0.0"}) {
    CAPTURE(security);
    NodeWorld net(scenario_seed(20));
    NodeWorld::Wishes wishes = kSm2;
    wishes.securities = {security};
    Node& alice = net.add_node("alice", wishes);
    Node& bob = net.add_node("bob", wishes);
    CHECK(alice.peer_id() == peer_id_of_node(alice));
    CHECK(alice.peer_id().to_string().starts_with("Qm"));
    converse(net, alice, bob);
    const auto connections = alice.host().connections(bob.peer_id());
    REQUIRE(connections.size() == 1);
    CHECK(connections[0]->remote_key().type() == KeyType::kSm2);
    CHECK(connections[0]->security() == security);
  }
}

TEST_CASE("a node with an SM2 identity and a bound one speak with each other, whoever dials") {
  for (const bool sm2_dials : {true, false}) {
    CAPTURE(sm2_dials);
    NodeWorld net(scenario_seed(21));
    Node& native = net.add_node("native", kSm2);
    Node& bound = net.add_node("bound");
    CHECK(bound.peer_id() != peer_id_of_node(bound));
    converse(net, sm2_dials ? native : bound, sm2_dials ? bound : native);
  }
}

TEST_CASE("a bound node may have a peer key of any type") {
  for (const auto type : {KeyType::kSecp256k1, KeyType::kEcdsa, KeyType::kRsa}) {
    CAPTURE(name_of(type));
    NodeWorld net(scenario_seed(22));
    Node& alice = net.add_node("alice", {.peer_key_type = type});
    Node& bob = net.add_node("bob");
    converse(net, alice, bob);
    CHECK(bob.host().connections(alice.peer_id()).front()->remote_key().type() == type);
  }
}

TEST_CASE("keys that do not go with the identity mode are refused") {
  NodeWorld net(scenario_seed(23));
  Env& env = net.world.add_machine("machine").env();
  const auto refused = [&env](auto change) {
    Config config = Config::ephemeral();
    change(config);
    CHECK(config.host_key().error() == Errc::kBadConfig);
    CHECK_THROWS_AS(Node(env, std::move(config)), std::system_error);
  };
  refused([](Config& config) { config.identity = IdentityMode::kSm2; });  // there is a peer key
  refused([](Config& config) { config.peer_key.reset(); });
  refused([](Config& config) { config.peer_key = PrivateKey::generate(KeyType::kSm2, system_random()); });
}

namespace {

// A peer that does not take our key: it hangs up when it has seen it, as a stock peer does with an SM2 key.
// As a key that it does not like anybody has another PeerID than it expects.
Task<void> refuse(Env& env, const PrivateKey& key, std::shared_ptr<TransportListener> listener) {
  noise::NoiseTransport noise(key, env.random, env.offload);
  const PeerId nobody = PeerId::from_public_key(key.public_key());
  while (true) {
    RawConnection raw = co_await listener->accept();
    const std::vector<ProtocolId> known = {noise.id()};
    co_await multistream::respond(*raw.stream, known);
    auto securing = noise.secure(std::move(raw.stream), Side::kResponder, nobody, {"/yamux/1.0.0"});
    const auto outcome = co_await as_result(std::move(securing));
    CHECK(outcome.error() == Errc::kPeerIdMismatch);
  }
}

}  // namespace

TEST_CASE("a peer that does not take an SM2 identity is an error that says so") {
  NodeWorld net(scenario_seed(24));
  Node& native = net.add_node("native", kSm2);
  Node& bound = net.add_node("bound");
  sim::Machine& machine = net.world.add_machine("stock");
  const auto key = PrivateKey::generate(KeyType::kEd25519, [](MutableBytes to) { std::ranges::fill(to, 1); });
  tcp::TcpTransport tcp(machine.env());
  std::shared_ptr<TransportListener> listener = value_or_throw(
      tcp.listen(value_or_throw(Multiaddr::parse("/ip4/" + machine.address().to_string() + "/tcp/4001"))));
  TaskGroup group(machine.env().executor, "stock");
  group.spawn(refuse(machine.env(), key, listener));

  const Target stock(PeerInfo{PeerId::from_public_key(key.public_key()), {listener->address()}});
  CHECK(net.world.run(as_result(native.connect(stock))).error() == Errc::kHandshakeRefused);
  CHECK(net.world.run(as_result(native.send_message(stock, to_bytes("x")))).error() ==
        Errc::kHandshakeRefused);
  CHECK(net.world.run(as_result(bound.send_message(stock, to_bytes("x")))).error() !=
        Errc::kHandshakeRefused);
  net.world.run(group.close());
}
