// GRAFT and PRUNE between the router and peers that the test plays.
#include <doctest/doctest.h>

#include "warren/protocols/pubsub/router/test_routers.hpp"

using namespace warren;
using namespace warren::pubsub;
using namespace warren::pubsub::testing;

namespace {

// The PRUNE that a peer was sent, if one was; it borrows from the frame.
struct Pruned {
  Frame frame;
  Prune prune;
  explicit operator bool() const { return frame != nullptr; }
  const Prune* operator->() const { return &prune; }
};
Pruned pruned(Lone& lone, const PeerId& peer) {
  for (const Sent& one : lone.sent_to(peer)) {
    if (!one.rpc.control.prune.empty()) return {one.frame, one.rpc.control.prune[0]};
  }
  return {};
}

}  // namespace

TEST_CASE("a GRAFT puts the peer into the mesh, a PRUNE out of it for as long as it says") {
  Lone lone;
  lone.router.join("t", lone.now);
  for (std::uint32_t i = 1; i <= 6; ++i) lone.member(i, "t");
  const PeerId peer = lone.member(7, "t");
  CHECK_FALSE(lone.in_mesh(peer, "t"));
  lone.graft(peer, "t");
  CHECK(lone.in_mesh(peer, "t"));
  lone.graft(peer, "t");
  CHECK(lone.mesh_size("t") == 7);
  CHECK_FALSE(pruned(lone, peer));
  for (std::uint32_t i = 2; i <= 7; ++i) lone.prune(numbered_peer(i), "t", 100);
  CHECK(lone.mesh_size("t") == 1);
  lone.pass(100s);
  CHECK(lone.mesh_size("t") == 1);
  lone.pass(3s);
  CHECK(lone.mesh_size("t") == 7);
}

TEST_CASE("a GRAFT in the back-off is refused, and costs twice right after the PRUNE") {
  Lone lone;
  lone.router.join("t", lone.now);
  const PeerId soon = lone.member(1, "t");
  const PeerId later = lone.member(2, "t");
  lone.prune(soon, "t", 60);
  lone.prune(later, "t", 60);
  lone.sent();
  lone.pass(9s);
  lone.graft(soon, "t");
  const auto prune = pruned(lone, soon);
  REQUIRE(prune);
  CHECK(prune->backoff_s == 60);
  CHECK_FALSE(lone.in_mesh(soon, "t"));
  lone.pass(3s);
  lone.graft(later, "t");
  // The threshold of two offences is passed by a third only.
  CHECK(lone.router.score(soon, lone.now) == 0);
  CHECK(lone.router.score(later, lone.now) == 0);
  lone.graft(soon, "t");
  CHECK(lone.router.score(soon, lone.now) < -10);
  lone.pass(50s);
  CHECK_FALSE(lone.in_mesh(soon, "t"));  // it was prolonged
}

TEST_CASE("a GRAFT that was on its way when the peer was pruned costs nothing, the next one does") {
  Lone lone;
  lone.router.join("t", lone.now);
  const PeerId peer = lone.member(1, "t");
  lone.prune(peer, "t", 60);
  lone.pass(150ms);
  lone.graft(peer, "t");
  lone.graft(peer, "t");
  CHECK_FALSE(lone.in_mesh(peer, "t"));
  CHECK(lone.router.score(peer, lone.now) == 0);
  lone.graft(peer, "t");
  CHECK(lone.router.score(peer, lone.now) < -10);
}

TEST_CASE("a GRAFT from a peer with a negative score is refused, and it is backed off") {
  Lone lone;
  const PeerId peer = lone.member(1, "t");
  lone.router.blame(peer, 3);
  lone.router.join("t", lone.now);
  CHECK_FALSE(lone.in_mesh(peer, "t"));
  lone.sent();
  lone.graft(peer, "t");
  CHECK(pruned(lone, peer));
  CHECK_FALSE(lone.in_mesh(peer, "t"));
  CHECK(lone.router.sizes().backoffs == 1);
}

TEST_CASE("a full mesh takes only peers that we dialed") {
  Lone lone;
  lone.router.join("t", lone.now);
  for (std::uint32_t i = 1; i <= 12; ++i) lone.graft(lone.member(i, "t"), "t");
  CHECK(lone.mesh_size("t") == 12);
  const PeerId inbound = lone.member(13, "t");
  lone.graft(inbound, "t");
  CHECK_FALSE(lone.in_mesh(inbound, "t"));
  CHECK(pruned(lone, inbound));
  const PeerId outbound = lone.member(14, "t", {.outbound = true});
  lone.graft(outbound, "t");
  CHECK(lone.in_mesh(outbound, "t"));
  lone.pass(2s);
  CHECK(lone.mesh_size("t") == 8);
}

TEST_CASE("the heartbeat keeps the mesh between its bounds while peers come and go") {
  Lone lone;
  lone.router.join("t", lone.now);
  for (std::uint32_t i = 1; i <= 40; ++i) {
    lone.member(i, "t", {.outbound = i % 2 == 0});
    if (i % 3 == 0) lone.graft(numbered_peer(i), "t");
    if (i % 5 == 0) lone.router.remove_peer(numbered_peer(i / 2), lone.now);
    lone.pass(1s);
    if (i >= 10) CHECK(lone.mesh_size("t") >= 6);
    CHECK(lone.mesh_size("t") <= 12);
  }
}

TEST_CASE("peers are offered in a PRUNE only where that is on, with records, and none of bad score") {
  for (const bool on : {false, true}) {
    Lone lone({.peer_exchange = on});
    lone.router.set_record_source(
        [](const PeerId& peer) { return peer == numbered_peer(2) ? Bytes() : to_bytes(peer.bytes()); });
    lone.router.join("t", lone.now);
    for (std::uint32_t i = 1; i <= 5; ++i) lone.member(i, "t");
    lone.router.blame(numbered_peer(3), 10);
    lone.sent();
    lone.router.leave("t", lone.now);
    const auto prune = pruned(lone, numbered_peer(1));
    REQUIRE(prune);
    CHECK(prune->peers.size() == (on ? 2 : 0));  // 4 and 5: 2 has no record
    for (const PeerOffer& offer : prune->peers) {
      CHECK(equal(offer.peer_id, offer.signed_peer_record));
      CHECK_FALSE(equal(offer.peer_id, numbered_peer(3).bytes()));
    }
  }
}

TEST_CASE("offered peers are dialed when who offers them has a high score, and not too many") {
  Lone lone;
  lone.router.join("t", lone.now);
  const PeerId peer = lone.member(1, "t");
  std::vector<PeerId> ids;
  for (std::uint32_t i = 100; i < 200; ++i) ids.push_back(numbered_peer(i));
  Rpc rpc;
  Prune prune{.topic = "t", .peers = {}, .backoff_s = 60};
  const Bytes nobody = {1, 2, 3};
  for (const PeerId& id : ids) prune.peers.push_back({id.bytes(), id.bytes()});
  prune.peers.push_back({nobody, {}});
  rpc.control.prune.push_back(prune);
  lone.say(peer, rpc);
  CHECK(lone.actions().dials.empty());

  for (std::uint64_t i = 0; i < 30; ++i) {
    const auto arrivals = lone.bring(peer, numbered_message(numbered_peer(9), i, "t", 10));
    lone.router.judge(arrivals.at(0), Verdict::kAccept, lone.now);
  }
  REQUIRE(lone.router.score(peer, lone.now) >= 10);
  lone.say(peer, rpc);
  lone.say(peer, rpc);
  const Actions actions = lone.actions();
  CHECK(actions.dials.size() <= 16);
  CHECK(actions.dials.size() >= 15);
  for (const Dial& dial : actions.dials) CHECK(equal(dial.signed_peer_record, dial.peer.bytes()));
}

TEST_CASE("who unsubscribes leaves the mesh, and is not grafted as often as it subscribes again") {
  Lone lone;
  lone.router.join("t", lone.now);
  const PeerId peer = lone.add(1);
  std::size_t grafts = 0;
  for (int i = 0; i < 100; ++i) {
    Rpc rpc;
    rpc.subscriptions = {{true, "t"}, {false, "t"}, {true, "t"}};
    lone.say(peer, rpc);
    rpc.subscriptions = {{false, "t"}};
    lone.say(peer, rpc);
    CHECK_FALSE(lone.in_mesh(peer, "t"));
    for (const Sent& one : lone.sent()) grafts += one.rpc.control.graft.size();
  }
  CHECK(grafts == 0);
  lone.member(1, "t");
  lone.pass(15s);
  CHECK(lone.in_mesh(peer, "t"));
}

TEST_CASE("a peer above all others replaces none, and one below zero goes at the next heartbeat") {
  Lone lone;
  lone.router.join("t", lone.now);
  for (std::uint32_t i = 1; i <= 8; ++i) lone.graft(lone.member(i, "t", {.outbound = true}), "t");
  lone.sent();
  lone.router.blame(numbered_peer(4), 5);
  CHECK(lone.in_mesh(numbered_peer(4), "t"));
  lone.pass(1s);
  CHECK_FALSE(lone.in_mesh(numbered_peer(4), "t"));
  const auto prune = pruned(lone, numbered_peer(4));
  REQUIRE(prune);
  CHECK(prune->peers.empty());
  CHECK(lone.mesh_size("t") == 7);
}
