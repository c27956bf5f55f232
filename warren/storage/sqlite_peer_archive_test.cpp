#include "warren/storage/sqlite_peer_archive.hpp"

#include <doctest/doctest.h>

#include "warren/storage/database.hpp"
#include "warren/storage/test_folder.hpp"
#include "warren/storage/test_names.hpp"

namespace warren {
namespace {

Multiaddr address(int port) {
  return value_or_throw(Multiaddr::parse("/ip4/192.0.2.1/tcp/" + std::to_string(port)));
}

ArchivedPeer full_peer(std::uint8_t number) {
  ArchivedPeer peer;
  peer.id = some_peer(number);
  peer.addresses = {{.address = address(1),
                     .source = AddressSource::kPeerRecord,
                     .expires = kNow + 1h,
                     .last_success = kNow,
                     .failures = 0},
                    {.address = address(2),
                     .source = AddressSource::kReported,
                     .expires = kNow - 1h,
                     .last_success = std::nullopt,
                     .failures = UINT32_MAX}};
  peer.record_seq = UINT64_MAX;
  peer.description =
      PeerDescription{.protocols = {"/a", "", "/b"}, .agent_version = "warren", .protocol_version = ""};
  peer.security = "/noise";
  peer.latency = 81ms;
  peer.public_key = Bytes{8, 1, 18};
  return peer;
}

ArchivedPeer bare_peer(std::uint8_t number) {
  ArchivedPeer peer;
  peer.id = some_peer(number);
  return peer;
}

void check_equal(const ArchivedPeer& a, const ArchivedPeer& b) {
  CHECK(a.id == b.id);
  CHECK(a.addresses == b.addresses);
  CHECK(a.record_seq == b.record_seq);
  REQUIRE(a.description.has_value() == b.description.has_value());
  if (a.description) {
    CHECK(a.description->protocols == b.description->protocols);
    CHECK(a.description->agent_version == b.description->agent_version);
    CHECK(a.description->protocol_version == b.description->protocol_version);
  }
  CHECK(a.security == b.security);
  CHECK(a.latency == b.latency);
  CHECK(a.public_key == b.public_key);
}

std::vector<PeerId> ids(const std::vector<ArchivedPeer>& peers) {
  std::vector<PeerId> ids;
  for (const ArchivedPeer& peer : peers) ids.push_back(peer.id);
  return ids;
}

TEST_CASE("peers are read as they were written, after a restart, those written last first") {
  const TemporaryFolder folder;
  {
    auto archive = value_or_throw(SqlitePeerArchive::open(folder.file("peers.db")));
    CHECK(value_or_throw(archive->read(10)).empty());
    REQUIRE(archive->write({full_peer(1), bare_peer(2)}, {}));
    ArchivedPeer again = full_peer(1);
    again.addresses.pop_back();
    REQUIRE(archive->write({again}, {}));
    REQUIRE(archive->write({bare_peer(3), bare_peer(4)}, {}));
    REQUIRE(archive->write({bare_peer(4)}, {some_peer(3), some_peer(4), some_peer(9)}));
  }
  auto archive = value_or_throw(SqlitePeerArchive::open(folder.file("peers.db")));
  const auto read = value_or_throw(archive->read(10));
  REQUIRE(ids(read) == std::vector{some_peer(4), some_peer(1), some_peer(2)});
  check_equal(read[0], bare_peer(4));
  ArchivedPeer expected = full_peer(1);
  expected.addresses.pop_back();
  check_equal(read[1], expected);
  check_equal(read[2], bare_peer(2));
  CHECK(ids(value_or_throw(archive->read(1))) == std::vector{some_peer(4)});
}

TEST_CASE("over the bound, those written first go") {
  auto archive = value_or_throw(SqlitePeerArchive::open(":memory:", {.peers_max = 2}));
  REQUIRE(archive->write({full_peer(1), full_peer(2), full_peer(3)}, {}));
  CHECK(ids(value_or_throw(archive->read(10))) == std::vector{some_peer(3), some_peer(2)});
  REQUIRE(archive->write({full_peer(2)}, {}));
  REQUIRE(archive->write({full_peer(4)}, {}));
  CHECK(ids(value_or_throw(archive->read(10))) == std::vector{some_peer(4), some_peer(2)});
}

TEST_CASE("what cannot be read is left out") {
  const TemporaryFolder folder;
  {
    auto archive = value_or_throw(SqlitePeerArchive::open(folder.file("peers.db")));
    REQUIRE(archive->write({full_peer(1), full_peer(2)}, {}));
  }
  {
    auto database = value_or_throw(Database::open(folder.file("peers.db"), {""}));
    const std::string second = "x'1220" + to_hex(Bytes(32, 2)) + "'";
    value_or_throw(database.execute(
        "INSERT INTO peer (peer, touched, described) VALUES (x'00ff', 50, 0), ('text', 51, 0);"
        "UPDATE peer SET protocols = x'0affffff', record_seq = x'01', latency_ns = -5 WHERE peer = " +
        second + ";INSERT INTO peer_address VALUES (" + second + ", x'ffff', 0, 0, NULL, 0), (" + second +
        ", x'04c0000201060003', 99, 0, NULL, 0), (" + second + ", x'04c0000201060004', 0, 0, NULL, -1)"));
  }
  auto archive = value_or_throw(SqlitePeerArchive::open(folder.file("peers.db")));
  const auto read = value_or_throw(archive->read(10));
  REQUIRE(ids(read) == std::vector{some_peer(2), some_peer(1)});
  ArchivedPeer expected = full_peer(2);
  expected.record_seq = std::nullopt;
  expected.latency = std::nullopt;
  expected.description->protocols.clear();
  check_equal(read[0], expected);
  check_equal(read[1], full_peer(1));
}

}  // namespace
}  // namespace warren
