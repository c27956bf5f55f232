// The validators whose values are keys and peer records.

#include <doctest/doctest.h>

#include "warren/base/protobuf_wire.hpp"
#include "warren/crypto/peer_record.hpp"
#include "warren/crypto/testing.hpp"
#include "warren/protocols/kad/wire/peer_record_validator.hpp"
#include "warren/protocols/kad/wire/pk_validator.hpp"
#include "warren/protocols/kad/wire/testing_ipns_vectors.hpp"

namespace warren::kad {
namespace {

using testing::hex;

using test::kNow;

// "/pk/" and what follows "/ipns/".
Bytes pk_key(std::string_view ipns_key) {
  return record_key("pk", record_key_rest(hex(ipns_key)));
}

TEST_CASE("a public key is valid under its PeerID, inlined or hashed") {
  const PkValidator validator;
  for (const auto& [key, value] :
       {std::pair(test::kEdKey, test::kEdPublicKey), std::pair(test::kRsaKey, test::kRsaPublicKey),
        std::pair(test::kSecpKey, test::kSecpPublicKey)}) {
    CHECK(value_or_throw(validator.validate(pk_key(key), hex(value), kNow)) == kNow + kRecordLifeMax);
    CHECK(!validator.supersedes(pk_key(key), hex(value), hex(value)));
  }
  const auto refused = [&](const Bytes& key, const Bytes& value) {
    return validator.validate(key, value, kNow).error();
  };
  CHECK(refused(pk_key(test::kRsaKey), hex(test::kEdPublicKey)) == Errc::kBadRecord);
  CHECK(refused(pk_key(test::kEdKey), {}) == Errc::kBadRecord);
  CHECK(refused(record_key("pk", {}), hex(test::kEdPublicKey)) == Errc::kBadRecord);
  CHECK(refused(pk_key(test::kEdKey), Bytes(2049)) == Errc::kTooLarge);
  Bytes trailing = hex(test::kEdPublicKey);
  trailing.push_back(0);
  CHECK(refused(pk_key(test::kEdKey), trailing) == Errc::kBadRecord);
}

class RecordOwner {
 public:
  explicit RecordOwner(std::uint8_t seed)
      : key_(value_or_throw(PrivateKey::from_ed25519_seed(Bytes(32, seed)))) {}

  PeerId id() const { return PeerId::from_public_key(key_.public_key()); }
  Bytes name() const { return record_key("warren-peer", id().bytes()); }
  Bytes record(std::uint64_t seq, std::size_t addresses = 1) const {
    const Multiaddr address = value_or_throw(Multiaddr::parse("/ip4/192.0.2.1/tcp/4001"));
    return PeerRecord{.peer_id = id(), .seq = seq, .addresses = std::vector(addresses, address)}.seal(key_);
  }
  // Of another peer, but signed by this one.
  Bytes forged(const PeerId& other) const {
    const Bytes payload = PeerRecord{.peer_id = other, .seq = 9, .addresses = {}}.encode();
    return SignedEnvelope::seal(key_, kPeerRecordDomain, kPeerRecordPayloadType, payload).encode();
  }

 private:
  PrivateKey key_;
};

TEST_CASE("a peer record is valid under its peer") {
  const PeerRecordValidator validator;
  const RecordOwner owner(1), other(2);
  CHECK(value_or_throw(validator.validate(owner.name(), owner.record(1, 64), kNow)) == kNow + kRecordLifeMax);
  const auto refused = [&](const Bytes& key, const Bytes& value) {
    const auto valid = validator.validate(key, value, kNow);
    return valid ? std::error_code() : valid.error();
  };
  CHECK(refused(other.name(), owner.record(1)) == Errc::kBadRecord);
  CHECK(refused(owner.name(), other.forged(owner.id())) == Errc::kBadRecord);
  CHECK(refused(record_key("warren-peer", as_bytes("x")), owner.record(1)) == Errc::kBadRecord);
  CHECK(refused(owner.name(), {}) == Errc::kBadRecord);
  CHECK(refused(owner.name(), owner.record(1, 65)) == Errc::kTooLarge);
  CHECK(refused(owner.name(), Bytes(kPeerRecordValueSizeMax + 1)) == Errc::kTooLarge);
  Bytes damaged = owner.record(1);
  damaged.back() ^= 1;
  CHECK(refused(owner.name(), damaged) == Errc::kBadRecord);
}

TEST_CASE("the peer record with the higher seq wins") {
  const PeerRecordValidator validator;
  const RecordOwner owner(1);
  CHECK(validator.supersedes(owner.name(), owner.record(2), owner.record(1)));
  CHECK(!validator.supersedes(owner.name(), owner.record(1), owner.record(2)));
  CHECK(!validator.supersedes(owner.name(), owner.record(1, 2), owner.record(1)));
  CHECK(validator.supersedes(owner.name(), owner.record(UINT64_MAX), owner.record(1)));
}

}  // namespace
}  // namespace warren::kad
