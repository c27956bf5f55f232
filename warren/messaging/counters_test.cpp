// What messaging counts, by what was sent and refused.
#include <doctest/doctest.h>

#include "warren/async/as_result.hpp"
#include "warren/messaging/test_messenger.hpp"

using namespace warren;
using test::echo;
using test::Messenger;
using test::RawPeer;
using test::TestNetwork;

namespace {

Task<void> stop(Messenger* messenger) {
  co_await messenger->stop();
}

Task<void> talk(Messenger* alice, Messenger* bob) {
  bob->messaging->serve("echo", echo);
  co_await alice->messaging->send_message(bob->info(), std::nullopt, to_bytes("one"));
  co_await alice->messaging->send_message(bob->info(), std::nullopt, to_bytes("two"));
  const NodeId other(test::sm2_key(9).public_key());
  std::ignore = co_await as_result(alice->messaging->send_message(bob->info(), other, to_bytes("three")));
  co_await alice->messaging->request(bob->info(), std::nullopt, "echo", to_bytes("ping"), 10s);
  std::ignore =
      co_await as_result(alice->messaging->request(bob->info(), std::nullopt, "nothing", Bytes(), 10s));
}

Task<void> attack(RawPeer* mallory, Messenger* bob) {
  const ConnectionPtr connection = co_await mallory->host.connect(bob->info());
  Bytes binding = mallory->signed_binding();
  co_await mallory->bind(connection, std::move(binding));
  for (int i = 0; i < 2; ++i) co_await mallory->send(connection, to_bytes("garbage"));
  Envelope envelope = mallory->seal(mallory->header(bob->node()));
  envelope.body.back() ^= 1;
  Bytes forged = envelope.encode();
  co_await mallory->send(connection, std::move(forged));
}

}  // namespace

TEST_CASE("messages and requests are counted on both sides, by how they ended") {
  TestNetwork network;
  Messenger alice(network, 1);
  Messenger bob(network, 2);
  network.world.run(talk(&alice, &bob));
  const MessagingCounters& ours = alice.messaging->counters();
  CHECK(ours.messages_sent == 2);
  CHECK(ours.messages_failed == 1);
  CHECK(ours.messages_received == 0);
  CHECK(ours.requests_sent == 1);
  CHECK(ours.requests_failed == 1);
  CHECK(ours.requests_served == 0);
  CHECK(ours.verifications.count() == 2);  // the two responses
  const MessagingCounters& theirs = bob.messaging->counters();
  CHECK(theirs.messages_received == 2);
  CHECK(theirs.requests_served == 2);
  CHECK(theirs.verifications.count() == 4);
  CHECK(theirs.refused.empty());
  network.world.run(stop(&alice));
  network.world.run(stop(&bob));
}

TEST_CASE("what is refused is counted by its reason") {
  TestNetwork network;
  RawPeer mallory(network, 1);
  Messenger bob(network, 2);
  network.world.run(attack(&mallory, &bob));
  const MessagingCounters& counters = bob.messaging->counters();
  CHECK(counters.messages_received == 0);
  REQUIRE(counters.refused.size() == 2);
  CHECK(counters.refused.at(make_error_code(Errc::kMalformed)) == 2);
  CHECK(counters.refused.at(make_error_code(Errc::kBadSignature)) == 1);
  CHECK(counters.verifications.count() == 1);  // garbage costs none
  network.world.run(mallory.host.close());
  network.world.run(stop(&bob));
}
