#include "warren/node/path_check.hpp"

#include <doctest/doctest.h>

#include "warren/node/test_pair.hpp"
#include "warren/protocols/ping/ping.hpp"

using namespace warren;

namespace {

// Alice's connection to bob.
struct Checked {
  Checked() {
    net.world.set_delay(net.alice_machine, net.bob_machine, 40ms);
    net.world.run(net.alice.connect(test::Pair::target(net.bob)));
    net.world.loop().advance(1s);
    connection = net.alice.host().connections(net.bob.peer_id()).front();
  }
  bool check(Doubt doubt) {
    began = net.world.clock().now();
    return net.world.run(check_path(&net.alice_machine.env(), connection, doubt, [this] { ++late; }));
  }
  Duration took() { return net.world.clock().now() - began; }

  test::Pair net;
  ConnectionPtr connection;
  Instant began{};
  int late = 0;
};

}  // namespace

TEST_CASE("patience grows with the round trip, and is short when the path is most likely gone") {
  for (const Duration round_trip : {0ms, 1ms, 80ms, 300ms, 2000ms}) {
    const PathPatience moved = path_patience(Doubt::kMoved, round_trip);
    const PathPatience changed = path_patience(Doubt::kChanged, round_trip);
    const PathPatience unsure = path_patience(Doubt::kUnsure, round_trip);
    CHECK(moved.suspect == moved.give_up);
    CHECK(moved.give_up <= changed.give_up);
    CHECK(changed.give_up <= unsure.give_up);
    CHECK(unsure.suspect <= unsure.give_up);
    CHECK(unsure.give_up <= 5s);
  }
  CHECK(path_patience(Doubt::kMoved, 80ms).give_up < 500ms);
  CHECK(path_patience(Doubt::kUnsure, 300ms).give_up >= 1800ms);
}

TEST_CASE("a path that answers stays") {
  Checked checked;
  CHECK(checked.check(Doubt::kMoved));
  CHECK(checked.took() < 400ms);
  CHECK(checked.late == 0);
  CHECK_FALSE(checked.connection->health().is_suspect);
}

TEST_CASE("a silent path is suspect first, and then closed") {
  Checked checked;
  checked.net.world.cut(checked.net.alice_machine, checked.net.bob_machine);
  bool suspected = false;
  checked.net.world.loop().at(checked.net.world.clock().now() + 1s, [&] {
    suspected = checked.connection->is_open() && checked.connection->health().is_suspect;
  });
  CHECK_FALSE(checked.check(Doubt::kUnsure));
  CHECK(suspected);
  CHECK(checked.late == 1);
  CHECK(checked.connection->end_reason() == Errc::kPathSilent);
  CHECK(checked.took() == path_patience(Doubt::kUnsure, 80ms).give_up);
}

TEST_CASE("an answer that is late makes the path as good as before") {
  Checked checked;
  sim::World& world = checked.net.world;
  world.cut(checked.net.alice_machine, checked.net.bob_machine);
  world.loop().at(world.clock().now() + 1500ms,
                  [&] { world.mend(checked.net.alice_machine, checked.net.bob_machine); });
  CHECK(checked.check(Doubt::kUnsure));
  CHECK(checked.late == 1);
  CHECK_FALSE(checked.connection->health().is_suspect);
}

TEST_CASE("a peer that does not answer pings is there all the same") {
  Checked checked;
  checked.net.bob.host().unhandle(ProtocolId(ping::kProtocol));
  CHECK(checked.check(Doubt::kMoved));
  CHECK(checked.late == 0);
}
