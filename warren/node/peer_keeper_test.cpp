#include "warren/node/peer_keeper.hpp"

#include <doctest/doctest.h>

#include "warren/core/test_values.hpp"
#include "warren/storage/sqlite_peer_archive.hpp"
#include "warren/swarm/test_node.hpp"

using namespace warren;
using testing::keyless_peer;

namespace {

Multiaddr address_at_port(int port) {
  return value_or_throw(Multiaddr::parse("/ip4/192.0.2.1/tcp/" + std::to_string(port)));
}

// Fails as often as it is told, then passes on.
class BrokenArchive final : public PeerArchive {
 public:
  explicit BrokenArchive(PeerArchive& inner) : inner_(inner) {}
  Result<> write(const std::vector<ArchivedPeer>& changed, const std::vector<PeerId>& forgotten) override {
    if (failures == 0) return inner_.write(changed, forgotten);
    --failures;
    return fail(Errc::kStorage);
  }
  Result<std::vector<ArchivedPeer>> read(std::size_t limit) override {
    if (failures == 0) return inner_.read(limit);
    --failures;
    return fail(Errc::kStorage);
  }
  int failures = 0;

 private:
  PeerArchive& inner_;
};

struct Restarts {
  // One life of the node.
  struct Life {
    explicit Life(Restarts& all)
        : node(all.world.add_machine("life" + std::to_string(++all.lives))),
          keeper(node.host, node.peerstore, all.archive),
          world(all.world) {
      world.run(keeper.restore());
      keeper.start();
    }
    ~Life() {
      world.run(node.host.close());
      world.run(keeper.close());
    }
    Instant now() const { return world.clock().now(); }

    TestNode node;
    PeerKeeper keeper;
    sim::World& world;
  };

  std::vector<ArchivedPeer> kept() { return value_or_throw(stored->read(10'000)); }

  sim::World world{61};
  std::unique_ptr<SqlitePeerArchive> stored = value_or_throw(SqlitePeerArchive::open(":memory:"));
  BrokenArchive archive{*stored};
  int lives = 0;
};

}  // namespace

TEST_CASE_FIXTURE(Restarts, "whom the node was connected to is known after a restart, and after a crash") {
  TestNode bob(world.add_machine("bob"));
  const PeerInfo info = bob.listen();
  {
    Life first(*this);
    world.run(first.node.host.connect(info));
    first.node.peerstore.set_description(info.id, {{"/x"}, "bob", "1"});
    world.loop().advance(PeerKeeper::kWriteInterval + 100ms);
    CHECK(kept().size() == 1);  // it might crash now
  }
  world.loop().advance(1min);
  Life second(*this);
  CHECK(second.keeper.restored() == 1);
  CHECK(second.node.peerstore.addresses(info.id, second.now()) == info.addresses);
  CHECK(second.node.peerstore.description(info.id)->agent_version == "bob");
  const auto good = known_good_peers(second.node.peerstore, second.now(), 10);
  REQUIRE(good.size() == 1);
  CHECK(good.front().id == info.id);
  CHECK(good.front().addresses == info.addresses);
  CHECK(world.run(second.node.host.connect({info.id, {}}))->is_open());
  world.run(bob.host.close());
}

TEST_CASE_FIXTURE(Restarts, "after a long sleep what worked is tried again, and hearsay is forgotten") {
  const PeerId worked = keyless_peer(1), heard = keyless_peer(2), fresh = keyless_peer(3);
  {
    Life first(*this);
    MemoryPeerstore& store = first.node.peerstore;
    const Instant now = first.now();
    store.add_addresses(worked, {address_at_port(1), address_at_port(2)}, AddressSource::kReported, now + 1h);
    store.note_dial(worked, address_at_port(1), true, now);
    store.add_addresses(heard, {address_at_port(1)}, AddressSource::kReported, now + 1h);
    store.add_addresses(fresh, {address_at_port(1)}, AddressSource::kConfigured, now + 1000h);
  }
  CHECK(kept().size() == 3);
  world.loop().advance(std::chrono::days(10));
  {
    Life second(*this);
    CHECK(second.node.peerstore.addresses(worked, second.now()) == std::vector{address_at_port(1)});
    CHECK(second.node.peerstore.addresses(fresh, second.now()) == std::vector{address_at_port(1)});
    CHECK(second.node.peerstore.addresses(heard, second.now()).empty());
    CHECK(second.keeper.restored() == 2);
    world.loop().advance(PeerKeeper::kWriteInterval + 1s);
    CHECK(kept().size() == 2);
    // The second life ends, too; the address stays on file for a third.
    world.loop().advance(2h);
    CHECK(second.node.peerstore.addresses(worked, second.now()).empty());
  }
  {
    Life third(*this);
    CHECK(third.node.peerstore.addresses(worked, third.now()) == std::vector{address_at_port(1)});
  }
  world.loop().advance(std::chrono::days(5));
  Life fourth(*this);
  CHECK(fourth.keeper.restored() == 1);
}

TEST_CASE_FIXTURE(Restarts, "what could not be written is written later, and all of it") {
  constexpr std::uint16_t kMany = PeerKeeper::kBatch * 2 + 7;
  Life life(*this);
  for (std::uint16_t number = 0; number < kMany; ++number) {
    life.node.peerstore.add_addresses(keyless_peer(number), {address_at_port(1)}, AddressSource::kIdentify,
                                      life.now() + 1h);
  }
  archive.failures = 2;
  world.loop().advance(PeerKeeper::kWriteInterval + 100ms);
  CHECK(kept().empty());
  world.loop().advance(2 * PeerKeeper::kWriteInterval);
  CHECK(kept().size() == kMany);
  life.node.peerstore.forget(keyless_peer(5));
  archive.failures = 1;
  world.loop().advance(PeerKeeper::kWriteInterval);
  CHECK(kept().size() == kMany);
  world.loop().advance(PeerKeeper::kWriteInterval);
  CHECK(kept().size() == kMany - 1);
}

TEST_CASE_FIXTURE(Restarts, "an archive that cannot be read is as good as none") {
  archive.failures = 1;
  const Life life(*this);
  CHECK(life.keeper.restored() == 0);
}
