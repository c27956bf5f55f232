#include "warren/broadcast/topic_sealer.hpp"

#include <doctest/doctest.h>

#include "warren/broadcast/topic_rules.hpp"
#include "warren/messaging/test_keys.hpp"
#include "warren/sim/world.hpp"

namespace warren {
namespace {

struct Writer {
  sim::World world{1};
  Env& env = world.add_machine("a").env();
  Sm2PrivateKey key = test::sm2_key(1);
  TopicSealer sealer{env, key, "main"};
  TopicRules rules{test::kNow - 1h, {}};

  TopicSealer::Sealed seal(std::string topic, std::chrono::milliseconds ttl = {}) {
    TopicSealer::Draft draft{std::move(topic), test::kNow, ttl, to_bytes("hello")};
    return world.run(sealer.seal(std::move(draft)));
  }
  Header open(const TopicSealer::Sealed& sealed, const std::string& topic) {
    return value_or_throw(rules.open(sealed.wire, make_context("main", topic))).header;
  }
};

TEST_CASE("numbers count from 1 on each topic, and only those that are used count") {
  Writer with;
  CHECK(with.seal("a").seq == 1);
  CHECK(with.seal("a").seq == 1);
  with.sealer.use("a");
  CHECK(with.seal("a").seq == 2);
  CHECK(with.seal("b").seq == 1);
  with.sealer.use("a");
  CHECK(with.seal("a").seq == 3);
  CHECK(with.seal("b").seq == 1);
}

TEST_CASE("what is sealed passes the rules and verifies") {
  Writer with;
  const auto live = with.seal("a");
  const auto opened = with.rules.open(live.wire, make_context("main", "a"));
  REQUIRE(opened);
  CHECK(to_text(opened->envelope.body) == "hello");
  CHECK(opened->header.seq == 1);
  CHECK(opened->header.epoch == with.sealer.origin().epoch);
  CHECK(opened->header.timestamp == test::kNow);
  CHECK_FALSE(opened->header.recipient);
  CHECK(opened->header.ttl.count() == 0);
  const auto id = verify_signature(opened->envelope, opened->header, with.key.public_key());
  REQUIRE(id);
  CHECK(*id == live.id);
  const auto stored = with.seal("a", std::chrono::hours(1));
  CHECK(with.open(stored, "a").ttl == std::chrono::hours(1));
  CHECK(with.open(stored, "a").nonce != opened->header.nonce);
}

TEST_CASE("each run has its own epoch") {
  Writer with;
  TopicSealer other(with.env, with.key, "main");
  CHECK(other.origin().node == with.sealer.origin().node);
  CHECK(other.origin().epoch != with.sealer.origin().epoch);
}

}  // namespace
}  // namespace warren
