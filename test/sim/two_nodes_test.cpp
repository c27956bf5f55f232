// Two nodes in virtual time, through every layer: TCP, Noise, yamux, identify, binding, messages, requests.
#include <doctest/doctest.h>

#include "test/sim/node_world.hpp"
#include "warren/async/as_result.hpp"

using namespace warren;

namespace {

// One whole conversation; what happened, and when.
std::vector<std::string> conversation(std::uint64_t seed) {
  NodeWorld net(seed);
  Node& alice = net.add_node("alice");
  Node& bob = net.add_node("bob");
  bob.serve("reverse", reverse);
  const auto watch = bob.on_message([&](const InboxMessage& message) {
    net.world.trace("bob got '" + to_text(message.payload) + "' from " + message.from_node.to_string());
  });

  const PeerStatus status = net.world.run(alice.connect(target_of(bob)));
  net.world.trace("alice connected to " + status.node_id->to_string() + " as " + status.peer_id.to_string());
  net.world.run(alice.send_message(bob.node_id(), to_bytes("hello")));
  net.world.trace("alice's message is acknowledged");
  const Bytes answer = net.world.run(alice.request(bob.peer_id(), "reverse", to_bytes("abc")));
  net.world.trace("alice got the answer '" + to_text(answer) + "'");
  net.world.run(bob.send_message(alice.node_id(), to_bytes("hello yourself")));
  net.world.trace("bob's message is acknowledged");
  const PingReply ping = net.world.run(alice.ping(bob.node_id()));
  net.world.trace("ping " + std::to_string(ping.round_trip_time.count()) + " ns over " +
                  ping.path.to_string());
  net.world.run(alice.stop());
  net.world.loop().advance(1s);
  net.world.trace("bob has " + std::to_string(bob.peers().size()) + " peers left");
  return net.world.trace();
}

}  // namespace

TEST_CASE("two nodes connect, exchange messages and a request, and part") {
  const std::uint64_t seed = scenario_seed(1);
  INFO("seed ", seed);
  const auto trace = conversation(seed);
  const auto happened = [&](const std::string& what) {
    return std::ranges::any_of(
        trace, [&](const std::string& event) { return event.find(what) != std::string::npos; });
  };
  CHECK(happened("bob got 'hello' from zEPJ"));
  CHECK(happened("alice got the answer 'cba'"));
  CHECK(happened("bob's message is acknowledged"));
  CHECK(happened("ping 20000000 ns over /ip4/"));
  CHECK(happened("bob has 0 peers left"));
}

TEST_CASE("the same seed gives the same trace, another seed another one") {
  const std::uint64_t seed = scenario_seed(42);
  INFO("seed ", seed);
  const auto first = conversation(seed);
  CHECK(first.size() > 10);
  CHECK(first == conversation(seed));
  CHECK(first != conversation(seed + 1));
}

TEST_CASE("many seeds tell the same story") {
  const char* count = std::getenv("WARREN_SIM_SEEDS");
  const int seeds = count == nullptr ? 5 : std::atoi(count);
  for (int seed = 100; seed < 100 + seeds; ++seed) {
    INFO("seed ", seed);
    CHECK(conversation(static_cast<std::uint64_t>(seed)).size() > 10);
  }
}

TEST_CASE("nodes of different networks connect, and refuse each other's bindings and messages") {
  NodeWorld net(scenario_seed(5));
  Node& alice = net.add_node("alice", {.network = "main"});
  Node& bob = net.add_node("bob", {.network = "other"});
  const PeerStatus status = net.world.run(alice.connect(target_of(bob)));
  CHECK_FALSE(status.node_id);
  CHECK_FALSE(net.world.run(as_result(alice.send_message(target_of(bob), to_bytes("hello")))));
  CHECK(net.world.run(alice.ping(target_of(bob))).round_trip_time == 20ms);
  CHECK(net.world.run(bob.inbox(0, 10)).empty());
}

TEST_CASE(
    "a peer that crashes is an error within the time limit, and its return is noticed by the next call") {
  NodeWorld net(scenario_seed(6));
  Node& alice = net.add_node("alice");
  Node& bob = net.add_node("bob");
  net.world.run(alice.send_message(target_of(bob), to_bytes("one")));
  net.machine(1).crash();
  const Instant start = net.world.clock().now();
  CHECK_FALSE(net.world.run(as_result(alice.request(bob.node_id(), "any", {}, 10s))));
  CHECK(net.world.clock().now() - start <= 10s);
}

TEST_CASE("a dead link is an error within the time limit; the message gets through after it is mended") {
  NodeWorld net(scenario_seed(7));
  Node& alice = net.add_node("alice");
  Node& bob = net.add_node("bob");
  bob.serve("reverse", reverse);
  net.world.run(alice.connect(target_of(bob)));
  net.world.cut(net.machine(0), net.machine(1));
  const auto lost = net.world.run(as_result(alice.request(bob.node_id(), "reverse", to_bytes("abc"), 5s)));
  CHECK(lost.error() == Errc::kTimedOut);
  net.world.mend(net.machine(0), net.machine(1));
  net.world.loop().advance(2min);
  CHECK(net.world.run(alice.request(target_of(bob), "reverse", to_bytes("abc"), 30s)) == to_bytes("cba"));
}

TEST_CASE("who is unknown, or nowhere to be found, is said so") {
  NodeWorld net(scenario_seed(8));
  Node& alice = net.add_node("alice");
  const NodeId stranger(
      Sm2PrivateKey::generate([](MutableBytes to) { std::ranges::fill(to, 5); }).public_key());
  // The DHT is asked, and alice knows nobody in it.
  CHECK(net.world.run(as_result(alice.send_message(stranger, to_bytes("x")))).error() == Errc::kNoPeers);
  CHECK(net.world.run(as_result(alice.find_peer(stranger))).error() == Errc::kNoPeers);
  CHECK(net.world.run(as_result(alice.connect(alice.peer_id()))).error() == Errc::kSelfDial);
  CHECK(Target::parse("nonsense").error() == Errc::kBadEncoding);
  CHECK(Target::parse("/ip4/192.0.2.1/tcp/4001").error() == Errc::kBadAddress);
}

TEST_CASE("a node that asks for itself or a service that fails gets a clear error") {
  NodeWorld net(scenario_seed(9));
  Node& alice = net.add_node("alice");
  Node& bob = net.add_node("bob");
  bob.serve("fails", [](ServiceCall) -> Task<Bytes> {
    throw_error(Errc::kMalformed, "no such order");
    co_return Bytes{};
  });
  CHECK(net.world.run(as_result(alice.request(target_of(bob), "fails", {}))).error() == Errc::kServiceFailed);
  CHECK(net.world.run(as_result(alice.request(target_of(bob), "absent", {}))).error() ==
        Errc::kNoSuchService);
  CHECK(net.world.run(as_result(alice.send_message(target_of(bob), Bytes((16 << 20) + 1)))).error() ==
        Errc::kTooLarge);
}

TEST_CASE("a bootstrap peer is connected at the start, and again after the link was dead") {
  NodeWorld net(scenario_seed(10));
  Node& hub = net.add_node("hub");
  const Multiaddr address = hub.addresses().front().with(Protocol::kP2p, hub.peer_id().bytes());
  Node& node = net.add_node("node", {.bootstrap = {address}});
  net.world.loop().advance(1s);
  CHECK(node.peers().size() == 1);

  net.world.cut(net.machine(0), net.machine(1));
  net.world.loop().advance(3min);
  CHECK(node.peers().empty());  // the keepalive noticed
  net.world.mend(net.machine(0), net.machine(1));
  net.world.loop().advance(2min);
  CHECK(node.peers().size() == 1);
}

TEST_CASE("members of a private network connect; who has another key, or none, does not") {
  NodeWorld net(scenario_seed(11));
  const std::array<std::uint8_t, 32> key = {1, 2, 3};
  const std::array<std::uint8_t, 32> another = {3, 2, 1};
  Node& alice = net.add_node("alice", {.pre_shared_key = key});
  Node& bob = net.add_node("bob", {.pre_shared_key = key});
  Node& stranger = net.add_node("stranger", {.pre_shared_key = another});
  Node& open = net.add_node("open");

  net.world.run(alice.send_message(target_of(bob), to_bytes("among us")));
  CHECK_FALSE(net.world.run(as_result(stranger.connect(target_of(bob)))));
  CHECK_FALSE(net.world.run(as_result(open.connect(target_of(bob)))));
  CHECK_FALSE(net.world.run(as_result(alice.connect(target_of(open)))));
  CHECK(bob.peers().size() == 1);
}
