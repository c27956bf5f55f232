// The access list at work: who is denied stays out, who is allowed always gets in.
#include "warren/swarm/test_crowd.hpp"

using namespace warren;

namespace {

void set(Crowd& crowd, const AccessSubject& subject, Access access) {
  REQUIRE(crowd.bob.host.access().set(subject, access));
}

AccessSubject subject(std::string_view text) {
  return value_or_throw(parse_access_subject(text));
}

NodeId some_node() {
  Bytes scalar(32, 0);
  scalar.back() = 9;
  return NodeId(value_or_throw(Sm2PrivateKey::from_scalar(scalar)).public_key());
}

}  // namespace

TEST_CASE("a denied subnet is refused before the handshake, a denied peer after it") {
  Crowd crowd;
  set(crowd, subject("203.0.113.0/24"), Access::kDenied);
  CHECK_FALSE(crowd.connect(crowd.add(crowd.add_machine("203.0.113.7"))));
  REQUIRE(crowd.refusals.size() == 1);
  CHECK(crowd.refusals[0].reason == Errc::kDenied);
  CHECK_FALSE(crowd.refusals[0].peer);
  CHECK(crowd.bob.host.counters().bytes_received == 0);

  TestNode& denied = crowd.add();
  set(crowd, denied.host.peer_id(), Access::kDenied);
  crowd.connect(denied);
  REQUIRE(crowd.refusals.size() == 2);
  CHECK(crowd.refusals[1].reason == Errc::kDenied);
  CHECK(crowd.refusals[1].peer == denied.host.peer_id());
  CHECK(crowd.connections() == 0);

  set(crowd, denied.host.peer_id(), Access::kNormal);
  crowd.connect(denied);
  CHECK(crowd.connections() == 1);
  crowd.check_all_is_given_back();
}

TEST_CASE("who is denied is not dialed") {
  Crowd crowd;
  TestNode& alice = crowd.add(crowd.add_machine("203.0.113.7"));
  const PeerInfo info = alice.listen();
  SUBCASE("by peer") {
    set(crowd, info.id, Access::kDenied);
  }
  SUBCASE("by address") {
    set(crowd, subject("203.0.113.7"), Access::kDenied);
  }
  CHECK(crowd.world.run(as_result(crowd.bob.host.connect(info))).error() == Errc::kDenied);
  CHECK(alice.host.counters().bytes_received == 0);
}

TEST_CASE("an allowed peer gets in when everything is full, and takes nobody's place") {
  Crowd crowd({.connections_max = 2, .connections_per_ip4_max = 1});
  TestNode& allowed = crowd.add();
  set(crowd, allowed.host.peer_id(), Access::kAllowed);
  crowd.connect(2);
  crowd.connect(1);
  CHECK(crowd.connections() == 2);
  crowd.connect(allowed);
  CHECK(crowd.connections() == 3);
  CHECK(crowd.use(&SwarmLimits::connections_max).used == 2);
  crowd.check_all_is_given_back();
}

TEST_CASE("an allowed peer gets in from a subnet that is denied") {
  Crowd crowd;
  set(crowd, subject("0.0.0.0/0"), Access::kDenied);
  TestNode& allowed = crowd.add();
  set(crowd, allowed.host.peer_id(), Access::kAllowed);
  crowd.connect(allowed);
  crowd.connect(2);
  CHECK(crowd.connections() == 1);
  CHECK(crowd.refusals_for(Errc::kDenied) == 2);
  crowd.check_all_is_given_back();
}

TEST_CASE("an allowed subnet gets in when everything is full") {
  Crowd crowd({.connections_max = 1});
  set(crowd, subject("203.0.113.0/24"), Access::kAllowed);
  crowd.connect(2);
  crowd.connect(2, crowd.add_machine("203.0.113.5"));
  CHECK(crowd.connections() == 3);
  CHECK(crowd.refusals_by("connections_max") == 1);
  crowd.check_all_is_given_back();
}

TEST_CASE("a node is denied by its NodeID, and connections that are denied by now are closed on demand") {
  Crowd crowd;
  TestNode& alice = crowd.add();
  crowd.bob.host.resolve_nodes_with([id = alice.host.peer_id()](const PeerId& peer) {
    return peer == id ? std::optional(some_node()) : std::nullopt;
  });
  crowd.connect(alice);
  crowd.connect(1);
  std::vector<std::error_code> reasons;
  const auto watch = crowd.bob.host.events().disconnected.subscribe(
      [&](const ConnectionPtr& connection) { reasons.push_back(connection->end_reason()); });
  set(crowd, some_node(), Access::kDenied);
  CHECK(crowd.connections() == 2);
  crowd.bob.host.enforce_access();
  crowd.world.loop().advance(1s);
  CHECK(crowd.connections() == 1);
  CHECK(reasons == std::vector<std::error_code>{Errc::kDenied});
  crowd.connect(alice);
  CHECK(crowd.connections() == 1);
  CHECK(crowd.refusals_for(Errc::kDenied) == 1);
  crowd.check_all_is_given_back();
}
