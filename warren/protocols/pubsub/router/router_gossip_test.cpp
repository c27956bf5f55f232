// IHAVE, IWANT, IDONTWANT and staggered sends between the router and peers that the test plays.
#include <doctest/doctest.h>

#include "warren/protocols/pubsub/router/stagger.hpp"
#include "warren/protocols/pubsub/router/test_routers.hpp"

using namespace warren;
using namespace warren::pubsub;
using namespace warren::pubsub::testing;

namespace {

Rpc want(BytesView id) {
  Rpc rpc;
  rpc.control.iwant.push_back(id);
  return rpc;
}
Rpc have(std::string_view topic, std::vector<BytesView> ids) {
  Rpc rpc;
  rpc.control.ihave.push_back({topic, std::move(ids)});
  return rpc;
}
Rpc have_already(BytesView id) {
  Rpc rpc;
  rpc.control.idontwant.push_back(id);
  return rpc;
}

std::size_t messages_in(const std::vector<Sent>& sent) {
  std::size_t count = 0;
  for (const Sent& one : sent) count += one.rpc.messages.size();
  return count;
}

}  // namespace

TEST_CASE("large messages are announced before their verdict, to mesh peers of v1.2") {
  Lone lone;
  lone.router.join("t", lone.now);
  for (std::uint32_t i = 1; i <= 4; ++i) lone.member(i, "t");
  const PeerId old = lone.member(5, "t", {.version = Version::kV11});
  lone.sent();
  CHECK(lone.bring(numbered_peer(1), numbered_message(numbered_peer(9), 1, "t", 500)).size() == 1);
  CHECK(lone.sent().empty());
  const Bytes large = numbered_message(numbered_peer(9), 2, "t", 1024);
  CHECK(lone.bring(numbered_peer(1), large).size() == 1);
  const auto sent = lone.sent();
  REQUIRE(sent.size() == 3);
  for (const Sent& one : sent) {
    CHECK(one.to != numbered_peer(1));
    CHECK(one.to != old);
    REQUIRE(one.rpc.control.idontwant.size() == 1);
    CHECK(as_text(one.rpc.control.idontwant[0]) == id_of(large));
    CHECK(one.frame == sent[0].frame);
  }
}

TEST_CASE("who has said IDONTWANT is not sent the message, and what is queued for it is withdrawn") {
  Lone lone;
  lone.router.join("t", lone.now);
  for (std::uint32_t i = 1; i <= 4; ++i) lone.member(i, "t");
  const Bytes message = numbered_message(numbered_peer(9), 1, "t", 1500);
  const MessageId id = id_of(message);
  const auto arrivals = lone.bring(numbered_peer(1), message);
  lone.say(numbered_peer(2), have_already(as_bytes(id)));
  CHECK(lone.actions().withdrawals.empty());
  lone.router.judge(arrivals.at(0), Verdict::kAccept, lone.now);
  CHECK(lone.sent().size() == 2);
  lone.say(numbered_peer(3), have_already(as_bytes(id)));
  const Actions after = lone.actions();
  REQUIRE(after.withdrawals.size() == 1);
  CHECK(after.withdrawals[0].to == numbered_peer(3));
  CHECK(after.withdrawals[0].messages == std::vector{id});
  lone.say(numbered_peer(3), want(as_bytes(id)));
  CHECK(lone.sent().empty());
  // Forgotten after a few heartbeats.
  lone.pass(3s);
  lone.sent();
  lone.say(numbered_peer(3), want(as_bytes(id)));
  CHECK(messages_in(lone.sent()) == 1);
}

TEST_CASE("a large message goes to a few at first, and to the others only if they lack it") {
  Lone lone;
  lone.router.join("t", lone.now);
  for (std::uint32_t i = 1; i <= 6; ++i) lone.member(i, "t");
  for (std::uint32_t i = 7; i <= 8; ++i) lone.graft(lone.member(i, "t"), "t");
  REQUIRE(lone.mesh_size("t") == 8);
  lone.pass(1ms);
  lone.sent();
  const Bytes message = numbered_message(numbered_peer(0), 1, "t", 64 * 1024);
  const auto tally = std::make_shared<SendTally>();
  const auto published = value_or_throw(lone.router.publish(message, tally, lone.now));
  CHECK(published.queued == 8);
  std::set<PeerId> got;
  for (const Sent& one : lone.sent()) {
    if (!one.rpc.messages.empty()) got.insert(one.to);
  }
  CHECK(got.size() == stagger_plan(GossipParams(), {}, 64 * 1024, 0).first);
  CHECK(lone.router.sizes().delayed == 1);
  // All but one of the others have it from elsewhere.
  std::size_t spared = 0;
  for (std::uint32_t i = 1; i <= 8 && spared + got.size() < 7; ++i) {
    if (got.contains(numbered_peer(i))) continue;
    ++spared;
    if (i % 2 == 0) {
      lone.say(numbered_peer(i), have_already(as_bytes(published.id)));
    } else {
      CHECK(lone.bring(numbered_peer(i), message).empty());
    }
  }
  lone.pass(2s);
  for (const Sent& one : lone.sent()) {
    if (!one.rpc.messages.empty()) CHECK(got.insert(one.to).second);
  }
  CHECK(got.size() + spared == 8);
  CHECK(tally->spared == spared);
  CHECK(lone.router.sizes().delayed == 0);
}

TEST_CASE("who asks for a message that was to come later gets it at once, and once") {
  Lone lone;
  lone.router.join("t", lone.now);
  for (std::uint32_t i = 1; i <= 6; ++i) lone.member(i, "t");
  lone.sent();
  const auto tally = std::make_shared<SendTally>();
  const Bytes message = numbered_message(numbered_peer(0), 1, "t", 64 * 1024);
  const auto published = value_or_throw(lone.router.publish(message, tally, lone.now));
  std::set<PeerId> got;
  for (const Sent& one : lone.sent()) got.insert(one.to);
  REQUIRE(got.size() < 6);
  for (std::uint32_t i = 1; i <= 6; ++i) {
    if (got.contains(numbered_peer(i))) continue;
    lone.say(numbered_peer(i), want(as_bytes(published.id)));
    const Actions actions = lone.actions();
    REQUIRE(actions.sends.size() == 1);
    CHECK(actions.sends[0].to == numbered_peer(i));
    CHECK(actions.sends[0].tally == tally);
    CHECK(actions.sends[0].priority == Priority::kOwn);
  }
  lone.pass(2s);
  CHECK(messages_in(lone.sent()) == 0);
  CHECK(lone.router.sizes().delayed == 0);
}

TEST_CASE("delayed sends to a peer that has gone are counted as dropped") {
  Lone lone;
  lone.router.join("t", lone.now);
  for (std::uint32_t i = 1; i <= 6; ++i) lone.member(i, "t");
  lone.sent();
  const auto tally = std::make_shared<SendTally>();
  value_or_throw(lone.router.publish(numbered_message(numbered_peer(0), 1, "t", 64 * 1024), tally, lone.now));
  const std::size_t at_once = lone.sent().size();
  for (std::uint32_t i = 1; i <= 6; ++i) lone.router.remove_peer(numbered_peer(i), lone.now);
  lone.pass(2s);
  CHECK(lone.sent().empty());
  CHECK(tally->dropped == 6 - at_once);
}

TEST_CASE("recent messages are told to peers outside the mesh, and given to who asks, so many times") {
  Lone lone({.flood_publish = false});
  lone.router.join("t", lone.now);
  for (std::uint32_t i = 1; i <= 30; ++i) lone.member(i, "t");
  lone.sent();
  const auto published =
      value_or_throw(lone.router.publish(numbered_message(numbered_peer(0), 1, "t", 100), nullptr, lone.now));
  lone.sent();
  std::size_t told = 0;
  for (int beat = 0; beat < 6; ++beat) {
    lone.pass(1s);
    for (const Sent& one : lone.sent()) {
      for (const IHave& ihave : one.rpc.control.ihave) {
        ++told;
        CHECK_FALSE(lone.in_mesh(one.to, "t"));
        CHECK(ihave.topic == "t");
        REQUIRE(ihave.ids.size() == 1);
        CHECK(as_text(ihave.ids[0]) == published.id);
      }
    }
    if (beat == 3) {
      for (int i = 0; i < 5; ++i) lone.say(numbered_peer(30), want(as_bytes(published.id)));
      CHECK(messages_in(lone.sent_to(numbered_peer(30))) == 3);
    }
  }
  CHECK(told == 3 * 6);
  lone.say(numbered_peer(29), want(as_bytes(published.id)));
  CHECK(messages_in(lone.sent()) == 0);  // too old
}

TEST_CASE("what peers have and we do not is asked of one of them, then of another") {
  Lone lone;
  lone.router.join("t", lone.now);
  for (std::uint32_t i = 1; i <= 3; ++i) lone.member(i, "t");
  lone.sent();
  const Bytes message = numbered_message(numbered_peer(9), 1, "t", 100);
  const MessageId id = id_of(message);
  lone.say(numbered_peer(1), have("t", {as_bytes(id)}));
  auto sent = lone.sent();
  REQUIRE(sent.size() == 1);
  CHECK(sent[0].to == numbered_peer(1));
  CHECK(as_text(sent[0].rpc.control.iwant.at(0)) == id);
  lone.say(numbered_peer(2), have("t", {as_bytes(id)}));
  lone.say(numbered_peer(3), have("elsewhere", {as_bytes(id)}));
  CHECK(lone.sent().empty());
  lone.pass(2s);
  sent = lone.sent();
  REQUIRE(sent.size() == 1);
  CHECK(sent[0].to == numbered_peer(2));
  CHECK(lone.bring(numbered_peer(2), message).size() == 1);
  lone.say(numbered_peer(3), have("t", {as_bytes(id)}));
  CHECK(lone.sent().empty());
  lone.pass(10s);
  CHECK(lone.router.counters().broken_promises == 0);
}

TEST_CASE("who tells of messages and never sends them is scored down") {
  Lone lone;
  lone.router.join("t", lone.now);
  const PeerId liar = lone.member(1, "t");
  for (std::uint64_t i = 1; i <= 8; ++i) {
    const MessageId id = id_of(numbered_message(numbered_peer(9), i, "t", 1));
    lone.say(liar, have("t", {as_bytes(id)}));
  }
  CHECK(lone.router.score(liar, lone.now) >= 0);
  lone.pass(5s);
  CHECK(lone.router.counters().broken_promises == 8);
  CHECK(lone.router.score(liar, lone.now) < 0);
  CHECK_FALSE(lone.in_mesh(liar, "t"));
}
