// Signed envelopes and the peer records inside them.
#include <doctest/doctest.h>

#include "warren/base/protobuf_wire.hpp"
#include "warren/crypto/peer_record.hpp"
#include "warren/crypto/signed_envelope.hpp"
#include "warren/crypto/testing.hpp"

using namespace warren;
using testing::hex;

namespace {

constexpr std::string_view kDomain = "warren-test";
const BytesView kType = as_bytes("/warren/test");

// Sealed by go-libp2p 0.51 with the Ed25519 key of peer-ids.md.
const std::string kGoRecord =
    "0a24080112201ed1e8fae2c4a144b8be8fd4b47bf3d3b34b871c3cacf6010f0e42d474fce27e120203011a550a260024"
    "080112201ed1e8fae2c4a144b8be8fd4b47bf3d3b34b871c3cacf6010f0e42d474fce27e10bdaadeec051a0a0a0804c0"
    "00020006002a1a190a172920010db800000000000000000000000191020fa1cd032a40875e50546a188514a6d7567fe7"
    "55639fcbe79bcf2ca7fe439f61cfb22d4c3703fbaf7afea05b1a4160d24f6d910600eaf82b8e84b71ba501f28a1d61b8"
    "a89700";

PrivateKey spec_private_key() {
  return std::move(*PrivateKey::from_protobuf(hex(testing::kSpecEd25519Private)));
}

PeerRecord record_of(const PrivateKey& key) {
  return {
      PeerId::from_public_key(key.public_key()),
      1570215229,
      {*Multiaddr::parse("/ip4/192.0.2.0/tcp/42"), *Multiaddr::parse("/ip6/2001:db8::1/udp/4001/quic-v1")}};
}

std::error_code open_error(BytesView bytes) {
  return SignedEnvelope::open(bytes, kDomain, kType).error();
}

}  // namespace

TEST_CASE("envelope: what was sealed opens, with every type of key") {
  for (const auto type :
       {KeyType::kEd25519, KeyType::kSm2, KeyType::kSecp256k1, KeyType::kEcdsa, KeyType::kRsa}) {
    const auto key = PrivateKey::generate(type, testing::seeded(1));
    const auto sealed = SignedEnvelope::seal(key, kDomain, kType, as_bytes("hello world!"));
    const auto opened = SignedEnvelope::open(sealed.encode(), kDomain, kType);
    REQUIRE(opened);
    CHECK(opened->public_key == key.public_key());
    CHECK(as_text(opened->payload) == "hello world!");
    CHECK(opened->payload_type == to_bytes(kType));
    CHECK(opened->encode() == sealed.encode());
    CHECK(SignedEnvelope::open(SignedEnvelope::seal(key, kDomain, kType, {}).encode(), kDomain, kType));
  }
}

TEST_CASE("envelope: no other domain, type, payload, signer or signature") {
  const auto key = PrivateKey::generate(KeyType::kEd25519, testing::seeded(1));
  const auto other = PrivateKey::generate(KeyType::kEd25519, testing::seeded(2));
  const auto sealed = SignedEnvelope::seal(key, kDomain, kType, as_bytes("hello"));
  CHECK(SignedEnvelope::open(sealed.encode(), "other", kType).error() == Errc::kBadSignature);
  CHECK(SignedEnvelope::open(sealed.encode(), kDomain, as_bytes("/other")).error() == Errc::kMalformed);

  auto forged = sealed;
  forged.payload = to_bytes("hellO");
  CHECK(open_error(forged.encode()) == Errc::kBadSignature);
  forged = sealed;
  forged.public_key = other.public_key();
  CHECK(open_error(forged.encode()) == Errc::kBadSignature);
  forged = sealed;
  forged.signature[0] ^= 1;
  CHECK(open_error(forged.encode()) == Errc::kBadSignature);
  forged = sealed;
  forged.signature.clear();
  CHECK(open_error(forged.encode()) == Errc::kBadSignature);
  // The boundary between type and payload is signed.
  forged = SignedEnvelope::seal(key, kDomain, as_bytes("/warren/tes"), as_bytes("thello"));
  forged.payload_type = to_bytes(kType);
  forged.payload = to_bytes("hello");
  CHECK(open_error(forged.encode()) == Errc::kBadSignature);
}

TEST_CASE("envelope: what is none") {
  const auto key = PrivateKey::generate(KeyType::kEd25519, testing::seeded(1));
  const Bytes good = SignedEnvelope::seal(key, kDomain, kType, as_bytes("hello")).encode();
  for (std::size_t size = 0; size < good.size(); ++size) CHECK(open_error(BytesView(good).first(size)));
  for (std::size_t i = 0; i < good.size(); ++i) {
    Bytes damaged = good;
    damaged[i] ^= 0x10;
    CHECK(open_error(damaged));
  }
  CHECK(open_error(Bytes(kEnvelopeSizeMax + 1)) == Errc::kTooLarge);
  const Bytes unknown =
      ProtobufWriter().bytes(1, hex("084d12021234")).bytes(2, kType).bytes(5, Bytes(64)).take();
  CHECK(open_error(unknown) == Errc::kUnknownKeyType);

  // Fields of a later version are ignored.
  Bytes extended = good;
  append(extended, ProtobufWriter().bytes(9, as_bytes("new")).view());
  CHECK(SignedEnvelope::open(extended, kDomain, kType));
}

TEST_CASE("peer record: go-libp2p's bytes") {
  const auto opened = PeerRecord::open(hex(kGoRecord));
  REQUIRE(opened);
  CHECK(*opened == record_of(spec_private_key()));
  CHECK(to_hex(record_of(spec_private_key()).seal(spec_private_key())) == kGoRecord);
}

TEST_CASE("peer record: the signer is the peer") {
  const auto alice = PrivateKey::generate(KeyType::kEd25519, testing::seeded(1));
  const auto mallory = PrivateKey::generate(KeyType::kEd25519, testing::seeded(2));
  const auto forged =
      SignedEnvelope::seal(mallory, kPeerRecordDomain, kPeerRecordPayloadType, record_of(alice).encode());
  CHECK(PeerRecord::open(forged.encode()).error() == Errc::kPeerIdMismatch);
  // The RFC's domain is not the deployed one.
  const auto rfc =
      SignedEnvelope::seal(alice, "libp2p-routing-state", kPeerRecordPayloadType, record_of(alice).encode());
  CHECK(PeerRecord::open(rfc.encode()).error() == Errc::kBadSignature);

  for (const auto type : {KeyType::kSm2, KeyType::kSecp256k1, KeyType::kEcdsa, KeyType::kRsa}) {
    const auto key = PrivateKey::generate(type, testing::seeded(3));
    CHECK(*PeerRecord::open(record_of(key).seal(key)) == record_of(key));
  }
}

TEST_CASE("peer record: addresses that cannot be read are left out, and there is an end to them") {
  const auto key = PrivateKey::generate(KeyType::kEd25519, testing::seeded(1));
  PeerRecord record = record_of(key);
  const Bytes unknown = ProtobufWriter().bytes(1, hex("ffff01")).take();
  Bytes payload = ProtobufWriter().bytes(3, unknown).bytes(3, {}).bytes(3, hex("ff")).take();
  append(payload, record.encode());
  CHECK(*PeerRecord::decode(payload) == record);

  record.addresses.assign(kPeerRecordAddressesMax + 10, *Multiaddr::parse("/ip4/192.0.2.1/tcp/1"));
  CHECK(PeerRecord::decode(record.encode())->addresses.size() == kPeerRecordAddressesMax);

  record.addresses.clear();
  for (const std::uint64_t seq : {std::uint64_t{0}, ~std::uint64_t{0}}) {
    record.seq = seq;
    CHECK(*PeerRecord::decode(record.encode()) == record);
  }
}

TEST_CASE("peer record: what is none") {
  for (const std::string_view bytes : {"", "0a00", "0a021234", "10", "0a", "0801"}) {
    CHECK_FALSE(PeerRecord::decode(hex(bytes)));
  }
}
