// The router among peers that the test plays: what each thing they say makes it do.
#include "warren/protocols/pubsub/router/router.hpp"

#include <doctest/doctest.h>

#include "warren/protocols/pubsub/router/test_routers.hpp"

using namespace warren;
using namespace warren::pubsub;
using namespace warren::pubsub::testing;

TEST_CASE("a new peer is told of our subscriptions, and of extensions where it speaks v1.3") {
  Lone lone;
  lone.add(1);
  CHECK(lone.sent().empty());
  lone.router.join("b", lone.now);
  lone.router.join("a", lone.now);
  const auto told = lone.sent_to(numbered_peer(1));
  REQUIRE(told.size() == 2);
  CHECK(told[0].rpc.subscriptions[0].topic == "b");

  const auto old = lone.add(2);
  const auto hello = lone.sent_to(old);
  REQUIRE(hello.size() == 1);
  REQUIRE(hello[0].rpc.subscriptions.size() == 2);
  CHECK(hello[0].rpc.subscriptions[0].topic == "a");
  CHECK(hello[0].rpc.subscriptions[1].subscribe);
  CHECK_FALSE(hello[0].rpc.extensions);

  const auto recent = lone.add(3, {.version = Version::kV13});
  const auto first = lone.sent_to(recent);
  REQUIRE(first.size() == 1);
  CHECK(first[0].rpc.extensions);
  lone.router.leave("a", lone.now);
  for (const Sent& one : lone.sent_to(recent)) {
    CHECK_FALSE(one.rpc.extensions);
    CHECK_FALSE(one.rpc.subscriptions.at(0).subscribe);
  }
}

TEST_CASE("joining grafts D peers of the topic, and leaving prunes them with the shorter back-off") {
  Lone lone;
  for (std::uint32_t i = 1; i <= 20; ++i) lone.member(i, "t");
  lone.member(21, "other");
  lone.router.join("t", lone.now);
  std::size_t grafts = 0;
  const Actions joined = lone.actions();
  for (const Sent& one : Lone::decode(joined)) grafts += one.rpc.control.graft.size();
  CHECK(grafts == 8);
  CHECK(joined.grafted.size() == 8);
  CHECK(lone.mesh_size("t") == 8);

  lone.router.leave("t", lone.now);
  const Actions left = lone.actions();
  std::size_t prunes = 0;
  for (const Sent& one : Lone::decode(left)) {
    for (const Prune& prune : one.rpc.control.prune) {
      ++prunes;
      CHECK(prune.backoff_s == 10);
    }
  }
  CHECK(prunes == 8);
  CHECK(left.pruned.size() == 8);
  lone.router.join("t", lone.now);  // those are backed off
  std::size_t again = 0;
  for (const Sent& one : lone.sent()) again += one.rpc.control.graft.size();
  CHECK(again == 8);
  lone.router.leave("t", lone.now);
  lone.router.join("t", lone.now);
  CHECK(lone.mesh_size("t") == 4);
}

TEST_CASE("a message is new once, and forwarded to the mesh in one frame for all") {
  Lone lone;
  lone.router.join("t", lone.now);
  for (std::uint32_t i = 1; i <= 6; ++i) lone.member(i, "t");
  CHECK(lone.mesh_size("t") == 6);
  lone.sent();
  const Bytes message = numbered_message(numbered_peer(3), 1, "t", 100);
  const auto arrivals = lone.bring(numbered_peer(1), message);
  REQUIRE(arrivals.size() == 1);
  CHECK(arrivals[0].topic == "t");
  CHECK(arrivals[0].from == numbered_peer(1));
  CHECK(equal(arrivals[0].message, message));
  CHECK(lone.bring(numbered_peer(2), message).empty());
  CHECK(lone.sent().empty());  // nothing before the verdict
  lone.router.judge(arrivals[0], Verdict::kAccept, lone.now);
  const auto sent = lone.sent();
  REQUIRE(sent.size() == 3);  // neither who brought it, nor who has sent a copy, nor its author
  for (const Sent& one : sent) {
    CHECK(one.frame == arrivals[0].frame);
    CHECK(one.priority == Priority::kForwarded);
    CHECK(one.to != numbered_peer(1));
    CHECK(one.to != numbered_peer(2));
    CHECK(one.to != numbered_peer(3));
  }
  const auto counted = lone.router.topics(lone.now)[0].counters;
  CHECK(counted.delivered == 1);
  CHECK(counted.duplicates == 1);
  CHECK(counted.bytes_in == 2 * message.size());
}

TEST_CASE("a frame with one message is forwarded as it came") {
  Lone lone;
  lone.router.join("t", lone.now);
  const PeerId peer = lone.member(1, "t");
  const Frame frame = message_frame(numbered_message(numbered_peer(9), 1, "t", 1000));
  const auto arrivals = value_or_throw(lone.router.receive(peer, frame, lone.now));
  REQUIRE(arrivals.size() == 1);
  CHECK(arrivals[0].frame == frame);

  Bytes with_more = *message_frame(numbered_message(numbered_peer(9), 2, "t", 100));
  append(with_more, Bytes{0x78, 0x01});  // an unknown field
  with_more[0] = static_cast<std::uint8_t>(with_more[0] + 2);
  const Frame padded = std::make_shared<const Bytes>(with_more);
  const auto others = value_or_throw(lone.router.receive(peer, padded, lone.now));
  REQUIRE(others.size() == 1);
  CHECK(others[0].frame != padded);
  CHECK(*others[0].frame == *message_frame(others[0].message));
}

TEST_CASE("what is ignored or rejected is not forwarded and stays seen") {
  Lone lone;
  lone.router.join("t", lone.now);
  for (std::uint32_t i = 1; i <= 6; ++i) lone.member(i, "t");
  lone.sent();
  std::uint64_t seqno = 0;
  for (const Verdict verdict : {Verdict::kIgnore, Verdict::kReject}) {
    const Bytes message = numbered_message(numbered_peer(9), ++seqno, "t", 100);
    const auto arrivals = lone.bring(numbered_peer(1), message);
    REQUIRE(arrivals.size() == 1);
    lone.router.judge(arrivals[0], verdict, lone.now);
    CHECK(lone.sent().empty());
    CHECK(lone.bring(numbered_peer(2), message).empty());
  }
  CHECK(lone.router.score(numbered_peer(1), lone.now) < 0);
  CHECK(lone.router.sizes().pending == 0);
}

TEST_CASE("whoever copies the id of a message can't keep the message from us, nor make honest peers pay") {
  Lone lone;
  lone.router.join("t", lone.now);
  for (std::uint32_t i = 1; i <= 4; ++i) lone.member(i, "t");
  const Bytes honest = numbered_message(numbered_peer(9), 1, "t", 100);
  const Bytes forged = numbered_message(numbered_peer(9), 1, "t", 99);
  const auto first = lone.bring(numbered_peer(1), forged);
  const auto second = lone.bring(numbered_peer(2), honest);  // while the other one is being verified
  REQUIRE(first.size() == 1);
  REQUIRE(second.size() == 1);
  CHECK(lone.bring(numbered_peer(3), honest).empty());
  lone.router.judge(first[0], Verdict::kForged, lone.now);
  lone.router.judge(second[0], Verdict::kAccept, lone.now);
  CHECK(lone.bring(numbered_peer(4), honest).empty());
  CHECK(lone.router.score(numbered_peer(1), lone.now) < 0);
  CHECK(lone.router.score(numbered_peer(2), lone.now) >= 0);
  CHECK(lone.router.score(numbered_peer(3), lone.now) >= 0);

  // And after it has been found to be forged.
  const auto third = lone.bring(numbered_peer(1), numbered_message(numbered_peer(9), 2, "t", 99));
  REQUIRE(third.size() == 1);
  lone.router.judge(third[0], Verdict::kForged, lone.now);
  CHECK(lone.bring(numbered_peer(2), numbered_message(numbered_peer(9), 2, "t", 100)).size() == 1);
}

TEST_CASE("messages of topics that we are not in, and our own that come back, are not taken") {
  Lone lone;
  const PeerId peer = lone.member(1, "t");
  CHECK(lone.bring(peer, numbered_message(numbered_peer(9), 1, "t", 10)).empty());
  lone.router.join("t", lone.now);
  CHECK(lone.bring(peer, numbered_message(numbered_peer(0), 1, "t", 10)).empty());
  CHECK(lone.bring(numbered_peer(77), numbered_message(numbered_peer(9), 2, "t", 10)).empty());
  CHECK(lone.bring(peer, numbered_message(numbered_peer(9), 1, "t", 10)).size() == 1);
}

TEST_CASE("own small messages go to all peers of the topic, each once") {
  Lone lone;
  lone.router.join("t", lone.now);
  for (std::uint32_t i = 1; i <= 20; ++i) lone.member(i, "t");
  lone.member(21, "other");
  lone.sent();
  const auto tally = std::make_shared<SendTally>();
  const Bytes message = numbered_message(numbered_peer(0), 1, "t", 100);
  const auto published = value_or_throw(lone.router.publish(message, tally, lone.now));
  CHECK(published.queued == 20);
  CHECK(tally->queued == 20);
  const Actions actions = lone.actions();
  REQUIRE(actions.sends.size() == 20);
  for (const Send& send : actions.sends) {
    CHECK(send.tally == tally);
    CHECK(send.message == published.id);
    CHECK(send.priority == Priority::kOwn);
    CHECK(send.frame == actions.sends[0].frame);
  }
  CHECK(lone.router.publish(message, nullptr, lone.now).error() == Errc::kReplayed);
}

TEST_CASE("a message to a topic that nobody is in is queued for nobody") {
  Lone lone;
  const auto published =
      value_or_throw(lone.router.publish(numbered_message(numbered_peer(0), 1, "t", 9), nullptr, lone.now));
  CHECK(published.queued == 0);
  lone.pass(61s);
  CHECK(lone.router.topics(lone.now).empty());
}

TEST_CASE("messages to topics that are not joined go to the same few peers for a minute") {
  Lone lone({.flood_publish = false});
  for (std::uint32_t i = 1; i <= 20; ++i) lone.member(i, "t");
  std::set<PeerId> to;
  for (std::uint64_t seqno = 1; seqno <= 5; ++seqno) {
    value_or_throw(
        lone.router.publish(numbered_message(numbered_peer(0), seqno, "t", 100), nullptr, lone.now));
    for (const Sent& one : lone.sent()) to.insert(one.to);
    lone.pass(10s);
    lone.sent();
  }
  CHECK(to.size() == 8);
  for (const PeerId& peer : to) CHECK(lone.in_fanout(peer, "t"));
  lone.router.remove_peer(*to.begin(), lone.now);
  lone.pass(2s);
  std::size_t members = 0;
  for (std::uint32_t i = 1; i <= 20; ++i) members += lone.in_fanout(numbered_peer(i), "t") ? 1 : 0;
  CHECK(members == 8);  // another one took its place
  lone.router.join("t", lone.now);
  std::size_t of_fanout = 0;
  for (const PeerId& peer : to) of_fanout += lone.in_mesh(peer, "t") ? 1 : 0;
  CHECK(of_fanout == 7);
  lone.router.leave("t", lone.now);
  lone.pass(30s);
  CHECK(lone.router.topics(lone.now).empty());
}

TEST_CASE("floodsub peers get all of their topic and are never grafted; v1.0 peers get a plain PRUNE") {
  Lone lone;
  const PeerId flood = lone.member(1, "t", {.version = Version::kFloodsub});
  const PeerId old = lone.member(2, "t", {.version = Version::kV10});
  lone.member(3, "t");
  lone.router.join("t", lone.now);
  CHECK_FALSE(lone.in_mesh(flood, "t"));
  CHECK(lone.in_mesh(old, "t"));
  lone.sent();
  const auto arrivals = lone.bring(numbered_peer(3), numbered_message(numbered_peer(9), 1, "t", 100));
  lone.router.judge(arrivals.at(0), Verdict::kAccept, lone.now);
  CHECK(lone.sent().size() == 2);
  lone.router.leave("t", lone.now);
  for (const Sent& one : lone.sent()) {
    for (const Prune& prune : one.rpc.control.prune) CHECK(prune.backoff_s.has_value() == (one.to != old));
    if (one.to == flood) CHECK(one.rpc.control.empty());
  }
}

TEST_CASE("direct peers get everything, are in no mesh, are heard at any score, and are dialed again") {
  Lone lone;
  lone.router.add_direct(numbered_peer(1));
  lone.router.add_direct(numbered_peer(2));
  lone.router.join("t", lone.now);
  const PeerId direct = lone.member(1, "t");
  lone.member(3, "t");
  CHECK_FALSE(lone.in_mesh(direct, "t"));
  lone.actions();
  lone.graft(direct, "t");
  CHECK_FALSE(lone.in_mesh(direct, "t"));
  CHECK(lone.sent_to(direct).at(0).rpc.control.prune.size() == 1);
  auto arrivals = lone.bring(numbered_peer(3), numbered_message(numbered_peer(9), 1, "t", 100));
  lone.router.judge(arrivals.at(0), Verdict::kAccept, lone.now);
  CHECK(lone.sent_to(direct).size() == 1);
  lone.router.blame(direct, 1000);
  CHECK(lone.bring(direct, numbered_message(numbered_peer(9), 2, "t", 100)).size() == 1);
  lone.pass(301s);
  const Actions actions = lone.actions();
  REQUIRE(actions.dials.size() == 2);
  CHECK(actions.dials[0].peer == numbered_peer(2));
  REQUIRE(lone.in_mesh(numbered_peer(3), "t"));
  lone.router.add_direct(numbered_peer(3));
  lone.pass(1s);
  CHECK_FALSE(lone.in_mesh(numbered_peer(3), "t"));
}

TEST_CASE("without scoring everybody has 0 and nobody is shut out") {
  Lone lone({.scoring = false});
  lone.router.join("t", lone.now);
  const PeerId peer = lone.member(1, "t");
  lone.router.blame(peer, 1000);
  for (std::uint64_t i = 1; i <= 50; ++i) {
    const auto arrivals = lone.bring(peer, numbered_message(numbered_peer(9), i, "t", 100));
    lone.router.judge(arrivals.at(0), Verdict::kReject, lone.now);
  }
  CHECK(lone.router.score(peer, lone.now) == 0);
  lone.pass(2s);
  CHECK(lone.in_mesh(peer, "t"));
}

TEST_CASE("a new stream to a known peer: greeted again, in no mesh, its subscriptions stay") {
  Lone lone;
  lone.router.join("t", lone.now);
  const PeerId peer = lone.member(1, "t");
  CHECK(lone.in_mesh(peer, "t"));
  lone.actions();
  lone.router.add_peer(peer, {.version = Version::kV13}, lone.now);
  const Actions again = lone.actions();
  CHECK(again.pruned == std::vector{peer});
  CHECK(Lone::decode(again).at(0).rpc.extensions);
  CHECK_FALSE(lone.in_mesh(peer, "t"));
  CHECK(lone.router.topic_peers("t") == std::vector{peer});
  lone.pass(2s);
  CHECK(lone.in_mesh(peer, "t"));
  lone.router.remove_peer(peer, lone.now);
  CHECK(lone.router.topic_peers("t").empty());
  CHECK(lone.router.sizes().peers == 0);
}
