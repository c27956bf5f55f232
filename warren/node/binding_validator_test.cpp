#include "warren/node/binding_validator.hpp"

#include <doctest/doctest.h>

#include "warren/crypto/testing.hpp"
#include "warren/messaging/binding.hpp"
#include "warren/storage/sqlite_binding_store.hpp"

namespace warren {
namespace {

constexpr WallTime kWallNow{std::chrono::milliseconds(1'700'000'000'000)};

struct Owner {
  Sm2PrivateKey node_key = Sm2PrivateKey::generate(testing::seeded(1));
  PrivateKey peer_key = PrivateKey::generate(KeyType::kEd25519, testing::seeded(2));

  NodeId node() const { return NodeId(node_key.public_key()); }
  Binding draft(std::uint64_t serial = 5) const {
    return {.network = "ours",
            .node = node(),
            .peer_key = peer_key.public_key(),
            .serial = serial,
            .not_before = kWallNow - std::chrono::hours(1),
            .not_after = kWallNow + std::chrono::hours(24),
            .kem_x25519 = {},
            .kem_sm2 = {},
            .suites = {}};
  }
  SignedBinding sign(const Binding& binding) const {
    return SignedBinding::make(binding, node_key, peer_key);
  }
  Bytes value(const Binding& binding) const { return sign(binding).encode(); }
};

std::error_code refused(const NodeId& node, const Bytes& value, WallTime now = kWallNow) {
  const auto valid = BindingValidator("ours").validate(binding_record_key(node), value, now);
  return valid ? std::error_code() : valid.error();
}

TEST_CASE("a binding is valid under its NodeID until its end") {
  const Owner owner;
  const BindingValidator validator("ours");
  const Bytes key = binding_record_key(owner.node());
  CHECK(key.size() == 46);
  CHECK(as_text(key).starts_with("/warren-node/"));
  const Bytes value = owner.value(owner.draft());
  CHECK(value_or_throw(validator.validate(key, value, kWallNow)) == kWallNow + std::chrono::hours(24));
  CHECK(refused(owner.node(), value, kWallNow + std::chrono::hours(24)) == Errc::kRecordExpired);
  CHECK(refused(owner.node(), value, kWallNow - std::chrono::hours(2)) == Errc::kBadRecord);  // not valid yet
}

TEST_CASE("bindings of others and of other networks are refused") {
  const Owner owner;
  const Owner other{.node_key = Sm2PrivateKey::generate(testing::seeded(3))};
  CHECK(refused(other.node(), owner.value(owner.draft())) == Errc::kBadRecord);
  Binding elsewhere = owner.draft();
  elsewhere.network = "theirs";
  CHECK(refused(owner.node(), owner.value(elsewhere)) == Errc::kBadRecord);
  Binding endless = owner.draft();
  endless.not_after += std::chrono::days(31);
  CHECK(refused(owner.node(), owner.value(endless)) == Errc::kBadRecord);
  // Each signature is needed.
  SignedBinding node_forged = owner.sign(owner.draft());
  node_forged.sm2_signature[5] ^= 1;
  CHECK(refused(owner.node(), node_forged.encode()) == Errc::kBadRecord);
  SignedBinding peer_forged = owner.sign(owner.draft());
  peer_forged.peer_signature[5] ^= 1;
  CHECK(refused(owner.node(), peer_forged.encode()) == Errc::kBadRecord);
  CHECK(refused(owner.node(), {}) == Errc::kBadRecord);
  CHECK(refused(owner.node(), Bytes(kSignedBindingSizeMax + 1)) == Errc::kTooLarge);
  const auto short_key = kad::record_key(kBindingNameSpace, BytesView(owner.node().key_bytes()).first(32));
  CHECK(!BindingValidator("ours").validate(short_key, owner.value(owner.draft()), kWallNow));
}

TEST_CASE("the higher serial wins, and one below the known is replayed") {
  const Owner owner;
  const Bytes key = binding_record_key(owner.node());
  const auto store = value_or_throw(SqliteBindingStore::open(":memory:"));
  const BindingValidator validator("ours", store.get());
  const Bytes older = owner.value(owner.draft(5)), newer = owner.value(owner.draft(6));
  CHECK(validator.supersedes(key, newer, older));
  CHECK(!validator.supersedes(key, older, newer));
  CHECK(!validator.supersedes(key, older, older));
  CHECK(validator.validate(key, older, kWallNow));
  REQUIRE(store->put({.node = owner.node(),
                      .peer = owner.draft().peer(),
                      .serial = 6,
                      .not_after = owner.draft().not_after,
                      .signed_binding = newer},
                     kWallNow));
  CHECK(validator.validate(key, older, kWallNow).error() == Errc::kOldRecord);
  CHECK(validator.validate(key, newer, kWallNow));
}

}  // namespace
}  // namespace warren
