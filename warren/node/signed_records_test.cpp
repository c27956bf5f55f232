#include "warren/node/signed_records.hpp"

#include <doctest/doctest.h>

#include "warren/swarm/test_node.hpp"

using namespace warren;

namespace {

struct RecordingNode : TestNode {
  RecordingNode(sim::Machine& machine, std::string version)
      : TestNode(machine), identify(host, std::move(version)), records(host, identify) {
    identify.start();
  }
  Task<void> close() {
    co_await identify.close();
    co_await host.close();
  }
  identify::Identify identify;
  SignedRecords records;
};

}  // namespace

TEST_CASE("a connected peer's record is kept as it came, and forgotten with its last connection") {
  sim::World world{3};
  RecordingNode alice(world.add_machine("alice"), "alice/1");
  RecordingNode bob(world.add_machine("bob"), "bob/1");
  const PeerInfo there = bob.listen();
  const ConnectionPtr connection = world.run(alice.host.connect(there));
  world.loop().advance(1s);

  const auto record = PeerRecord::open(alice.records.of(there.id));
  REQUIRE(record.has_value());
  CHECK(record->peer_id == there.id);
  CHECK(record->addresses == bob.host.addresses());

  connection->close();
  world.loop().advance(1s);
  CHECK(alice.records.of(there.id).empty());
  CHECK(alice.records.size() == 0);
  CHECK(bob.records.size() == 0);
  world.run(alice.close());
  world.run(bob.close());
}
