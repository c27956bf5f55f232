// Bindings that are stale, swapped, forged, late or missing.
#include <doctest/doctest.h>

#include "warren/async/as_result.hpp"
#include "warren/messaging/test_attack.hpp"

namespace warren {
namespace {

using test::Attack;
using test::run;

Task<Status> bind_status(Attack& attack, Binding binding, std::uint8_t peer_key = 1) {
  const PrivateKey key = test::peer_key(peer_key);
  binding.peer_key = key.public_key();
  Bytes wire = SignedBinding::make(binding, test::sm2_key(1), key).encode();
  const BindReply reply = co_await attack.mallory.bind(attack.connection, std::move(wire));
  co_return reply.verdict.status;
}

Task<void> bad_bindings(Attack& attack) {
  const Binding good = attack.mallory.binding();
  Binding binding = good;
  binding.network = "other";
  CHECK(co_await bind_status(attack, binding) == Status::kWrongNetwork);
  CHECK(co_await bind_status(attack, good, 9) == Status::kBindingMismatch);
  binding = good;
  binding.not_before -= std::chrono::days(2);
  binding.not_after -= std::chrono::days(2);
  CHECK(co_await bind_status(attack, binding) == Status::kStaleBinding);
  binding = good;
  binding.not_before += 5min;
  CHECK(co_await bind_status(attack, binding) == Status::kClockSkew);
  binding = good;
  binding.not_after += std::chrono::days(40);
  CHECK(co_await bind_status(attack, binding) == Status::kMalformed);

  // Bob's own, as he told it: he is not there where he is not.
  Bytes mine = attack.mallory.signed_binding();
  BindReply reply = co_await attack.mallory.bind(attack.connection, mine);
  CHECK(reply.verdict.status == Status::kOk);
  Bytes his = reply.binding;
  reply = co_await attack.mallory.bind(attack.connection, std::move(his));
  CHECK(reply.verdict.status == Status::kBindingMismatch);

  // A newer serial, and then the old one again.
  binding = good;
  binding.serial += 3'600'000;
  CHECK(co_await bind_status(attack, binding) == Status::kOk);
  CHECK(co_await bind_status(attack, good) == Status::kStaleBinding);
  // The newer one holds.
  CHECK(attack.bob.messaging->node_of(attack.mallory.host.peer_id()) == good.node);

  SignedBinding forged = value_or_throw(SignedBinding::decode(mine));
  forged.sm2_signature[5] ^= 1;
  Bytes wire = forged.encode();
  reply = co_await attack.mallory.bind(attack.connection, std::move(wire));
  CHECK(reply.verdict.status == Status::kStaleBinding);  // checked before any signature
}

TEST_CASE("bad bindings are refused, each with its own reason, and a good one counts afterwards") {
  run(bad_bindings, false);
}

Task<void> forged_binding(Attack& attack) {
  SignedBinding forged = value_or_throw(SignedBinding::decode(attack.mallory.signed_binding()));
  forged.sm2_signature[5] ^= 1;
  Bytes wire = forged.encode();
  BindReply reply = co_await attack.mallory.bind(attack.connection, std::move(wire));
  CHECK(reply.verdict.status == Status::kBadSignature);
  // A message on an unbound connection learns why.
  CHECK(co_await attack.send(attack.header()) == Status::kBadSignature);
  wire = attack.mallory.signed_binding();
  reply = co_await attack.mallory.bind(attack.connection, std::move(wire));
  CHECK(reply.verdict.status == Status::kOk);
}

TEST_CASE("a forged binding binds nobody") {
  run(forged_binding, false);
}

Task<void> no_binding(Attack& attack) {
  const Instant start = attack.network.world.clock().now();
  CHECK(co_await attack.send(attack.header()) == Status::kNoBinding);
  CHECK(attack.network.world.clock().now() - start == MessagingLimits{}.binding_wait + 100ms);
  Bytes binding = attack.mallory.signed_binding();
  co_await attack.mallory.bind(attack.connection, std::move(binding));
}

TEST_CASE("without a binding a message waits for one, and then is refused") {
  run(no_binding, false);
}

Task<void> late_binding(Attack& attack) {
  // The binding, 2 s late: the message waits for it.
  TaskGroup group(attack.network.world.loop().executor(), "test");
  group.spawn([](Attack& attack) -> Task<void> {
    co_await attack.network.world.clock().sleep_for(2s);
    Bytes binding = attack.mallory.signed_binding();
    co_await attack.mallory.bind(attack.connection, std::move(binding));
  }(attack));
  const auto status = co_await as_result(attack.send(attack.header()));
  co_await group.join();
  CHECK(status == Status::kOk);
  CHECK(attack.bob.delivered.size() == 1);
  attack.bob.delivered.clear();
  CHECK(attack.bob.inbox->remove_through(1));
}

TEST_CASE("a message that overtakes its connection's binding waits for it") {
  run(late_binding, false);
}

Bytes binding_of(Attack& attack, std::uint8_t keys, std::uint64_t later = 0) {
  Binding binding = attack.mallory.binding();
  binding.node = NodeId(test::sm2_key(keys).public_key());
  binding.peer_key = test::peer_key(keys).public_key();
  binding.serial += later;
  return SignedBinding::make(binding, test::sm2_key(keys), test::peer_key(keys)).encode();
}

Task<void> handed_on(Attack& attack) {
  Messaging& bob = *attack.bob.messaging;
  const NodeId carol(test::sm2_key(5).public_key());
  const PeerId peer = PeerId::from_public_key(test::peer_key(5).public_key());
  Bytes newer = binding_of(attack, 5, 1000);
  Bytes forged = newer;
  forged.back() ^= 1;
  auto learned = co_await bob.learn_binding(carol, std::move(forged));
  CHECK(learned.error() == Errc::kBadSignature);
  CHECK_FALSE((co_await bob.find_peer(carol)).has_value());

  learned = co_await bob.learn_binding(carol, std::move(newer));
  CHECK(learned == peer);
  CHECK(co_await bob.find_peer(carol) == peer);
  // One that is older, one that is another node's, and one of our own key.
  Bytes older = binding_of(attack, 5);
  learned = co_await bob.learn_binding(carol, std::move(older));
  CHECK(learned.error() == Errc::kStaleBinding);
  Bytes other = binding_of(attack, 6);
  learned = co_await bob.learn_binding(carol, std::move(other));
  CHECK(learned.error() == Errc::kBindingMismatch);
  Bytes own = bob.own_binding();
  learned = co_await bob.learn_binding(bob.node_id(), std::move(own));
  CHECK(learned.error() == Errc::kBindingMismatch);
}

TEST_CASE("a binding that somebody hands on proves itself, or is refused") {
  run(handed_on, true);
}

}  // namespace
}  // namespace warren
