// Several routers and the links between them.
#include <doctest/doctest.h>

#include "warren/protocols/pubsub/router/test_routers.hpp"

using namespace warren;
using namespace warren::pubsub;
using namespace warren::pubsub::testing;

namespace {

struct Outcome {
  double copies = 0;      // of a message, a node
  Duration last{};        // of the slowest copy
  bool complete = false;  // everybody got everything, once
};

// Six messages of a size through a network.
Outcome spread(std::size_t nodes, std::size_t size, GossipParams params, Version version = Version::kV12) {
  Routers routers(nodes, params);
  routers.connect_at_random(8, version);
  routers.join_all("t");
  routers.run(4s);
  for (std::size_t i = 0; i < nodes; ++i) routers[i].copies = 0;
  Outcome outcome{.copies = 0, .last = {}, .complete = true};
  constexpr std::size_t kMessages = 6;
  for (std::size_t m = 0; m < kMessages; ++m) {
    const Instant start = routers.now();
    const MessageId id = routers.publish(m * 7 % nodes, "t", size);
    routers.run(2s);
    outcome.complete = outcome.complete && routers.count(id) == nodes;
    for (std::size_t i = 0; i < nodes; ++i) {
      if (routers[i].got.contains(id)) outcome.last = std::max(outcome.last, routers[i].got[id] - start);
    }
  }
  std::size_t copies = 0;
  for (std::size_t i = 0; i < nodes; ++i) {
    copies += routers[i].copies;
    outcome.complete = outcome.complete && routers[i].handed_over_twice == 0;
  }
  outcome.copies = static_cast<double>(copies) / static_cast<double>(nodes * kMessages);
  return outcome;
}

}  // namespace

TEST_CASE("a message reaches everybody, once, and large ones with few copies") {
  const Outcome small = spread(30, 200, {});
  CHECK(small.complete);
  const Outcome middle = spread(30, 4096, {});
  CHECK(middle.complete);
  CHECK(middle.copies <= 4.2);
  const Outcome large = spread(30, 64 * 1024, {});
  CHECK(large.complete);
  CHECK(large.copies <= 2.0);
  CHECK(large.copies < middle.copies);
  CHECK(middle.copies < small.copies);
  GossipParams eager;
  eager.stagger_interval = {};
  const Outcome plain = spread(30, 64 * 1024, eager);
  CHECK(plain.complete);
  CHECK(plain.copies > large.copies);
  MESSAGE("copies: ", small.copies, " ", middle.copies, " ", large.copies, ", eager ", plain.copies);
  MESSAGE("slowest: ", to_ms(small.last), " ", to_ms(middle.last), " ", to_ms(large.last), " ms, eager ",
          to_ms(plain.last));
}

TEST_CASE("every version of the protocol carries messages") {
  for (const Version version : {Version::kFloodsub, Version::kV10, Version::kV11, Version::kV13}) {
    CHECK(spread(20, 3000, {}, version).complete);
  }
}

TEST_CASE("who is not in the topic can publish to it") {
  Routers routers(20);
  routers.connect_at_random(4);
  for (std::size_t i = 1; i < routers.size(); ++i) routers.join(i, "t");
  routers.run(5s);
  const MessageId small = routers.publish(0, "t", 100);
  const MessageId large = routers.publish(0, "t", 100'000);
  routers.run(5s);
  CHECK(routers.count(small) == 20);
  CHECK(routers.count(large) == 20);
}

TEST_CASE("gossip brings what the mesh has lost") {
  // One that never forwards anything sits between two halves; gossip does not pass it, but links beside do.
  Routers routers(30);
  routers.connect_at_random(10);
  routers.join_all("t");
  routers.run(5s);
  for (std::size_t i = 0; i < 10; ++i) {
    routers[i * 3].verdict = [](const Arrival&) { return Verdict::kIgnore; };
  }
  const MessageId id = routers.publish(1, "t", 100);
  routers.run(10s);
  CHECK(routers.count(id) == 20);
}

TEST_CASE("a node that comes later is in the mesh soon, and gets what comes then") {
  Routers routers(30);
  for (std::size_t i = 0; i < 29; ++i) {
    for (std::size_t k = 1; k <= 5; ++k) routers.connect(i, (i + k * 5) % 29);
  }
  routers.join_all("t");
  routers.run(30s);
  for (std::size_t k = 0; k < 6; ++k) routers.connect(29, k * 4);
  routers.run(2s);
  const MessageId id = routers.publish(3, "t");
  routers.run(2s);
  CHECK(routers.count(id) == 30);
  for (std::size_t k = 0; k < 6; ++k) routers.disconnect(29, k * 4);
  routers.run(2s);
  const MessageId other = routers.publish(3, "t");
  routers.run(2s);
  CHECK(routers.count(other) == 29);
}

TEST_CASE("the same seed, the same run") {
  const auto run = [] {
    Routers routers(20, {}, 7);
    routers.connect_at_random(5);
    routers.join_all("t");
    routers.run(5s);
    std::vector<std::pair<std::size_t, Instant>> trace;
    for (std::size_t m = 0; m < 5; ++m) {
      const MessageId id = routers.publish(m, "t", 5000);
      routers.run(1s);
      for (std::size_t i = 0; i < routers.size(); ++i)
        trace.emplace_back(routers[i].copies, routers[i].got[id]);
    }
    return trace;
  };
  CHECK(run() == run());
}
