// PeerIDs and NodeIDs.
#include <doctest/doctest.h>

#include <set>
#include <unordered_set>

#include "warren/crypto/node_id.hpp"
#include "warren/crypto/peer_id.hpp"
#include "warren/crypto/pem.hpp"
#include "warren/crypto/test_keys.hpp"
#include "warren/crypto/testing.hpp"
#include "warren/multiformats/multibase.hpp"

using namespace warren;
using testing::hex;
using testing::kStandardX;
using testing::kStandardY;
using testing::standard_key;

namespace {

// Of the key of GB/T 32918.5 A.2; docs/wire.md.
const std::string kNodeIdText = "zEPJcGHUVYyrGAXXGQhLF39KAny4ojC9RPmA777H2iVztKwBd";

PublicKey spec_public_key() {
  return *PublicKey::from_protobuf(hex(testing::kSpecEd25519Public));
}

std::string hashed_id(std::string_view key_message) {
  return base58_encode(hex("1220" + to_hex(sha256(hex(key_message)))));
}

}  // namespace

TEST_CASE("PeerId: known answers") {
  // From go-libp2p, for the keys of peer-ids.md.
  const PeerId id = PeerId::from_public_key(spec_public_key());
  CHECK(id.to_string() == "12D3KooWBtg3aaRMjxwedh83aGiUkwSxDwUZkzuJcfaqUmo7R3pq");
  CHECK(id.to_cid() == "bafzaajaiaejcahwr5d5ofrfbis4l5d6uwr57hu5tjodrypfm6yaq6dsc2r2pzyt6");
  CHECK(id.short_text() == "Umo7R3pq");
  CHECK(*PeerId::parse("16Uiu2HAmLhLvBoYaoZfaMUKuibM6ac163GwKY74c5kiSLg5KvLpY") ==
        *PeerId::parse("bafzaajiiaijcca3xo7uzjzcsyilaj6i54cj44qk7kqzpoao5rti2pjx6udtdbp6kte"));
  CHECK(*PeerId::parse("QmVMT29id3TUASyfZZ6k9hmNyc2nYabCo4uMSpDw4zrgDk") ==
        *PeerId::parse("bafzbeidigywdclqvl5hxfefwp5onbffcfife7pza57mmfb4tiqmtkdjw64"));
  CHECK(hashed_id(
            "0803125b3059301306072a8648ce3d020106082a8648ce3d03010703420004de3d300fa36ae0e8f5d530899d83abab"
            "44abf3161f162a4bc901d8e6ecda020e8b6d5f8da30525e71d6851510c098e5c47c646a597fb4dcec034e9f77c409e6"
            "2") == "QmVMT29id3TUASyfZZ6k9hmNyc2nYabCo4uMSpDw4zrgDk");

  const std::string spki = "3059301306072a8648ce3d020106082a811ccf5501822d03420004" + kStandardX + kStandardY;
  const PeerId sm2 = PeerId::from_public_key(PublicKey::from_sm2(standard_key()));
  CHECK(sm2.to_string() == "QmSastTzcnjJUX5fR9RjhXSQTvgvR8txVUyZ6Jw539DsXp");
  CHECK(hashed_id("0804125b" + spki) == "QmS5XB2svVZ7HRqgsi7GdgbhiBrfMJV8BciRG2w6ZCVha8");  // key type 4
}

TEST_CASE("PeerId: text, bytes and CID are the same ID") {
  for (const std::string_view text : {
           "12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA",
           "QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N",
           "16Uiu2HAmLhLvBoYaoZfaMUKuibM6ac163GwKY74c5kiSLg5KvLpY",  // secp256k1, inlined
       }) {
    const auto id = PeerId::parse(text);
    REQUIRE(id);
    CHECK(id->to_string() == text);
    CHECK(*PeerId::parse(id->to_cid()) == *id);
    CHECK(*PeerId::from_bytes(id->bytes()) == *id);
    CHECK(*PeerId::of(Multiaddr().with(Protocol::kP2p, id->bytes())) == *id);
  }
  CHECK_FALSE(PeerId::of(*Multiaddr::parse("/ip4/192.0.2.1/tcp/1")));
}

TEST_CASE("PeerId: the key is inside when it is small and of a type we hold") {
  const PeerId id = PeerId::from_public_key(spec_public_key());
  REQUIRE(id.public_key());
  CHECK(*id.public_key() == spec_public_key());
  CHECK(id.matches(spec_public_key()));
  CHECK_FALSE(id.matches(PublicKey::from_sm2(standard_key())));
  CHECK_FALSE(PeerId::from_public_key(PublicKey::from_sm2(standard_key())).public_key());
  const auto secp256k1 = PeerId::parse("16Uiu2HAmLhLvBoYaoZfaMUKuibM6ac163GwKY74c5kiSLg5KvLpY");
  REQUIRE(secp256k1->public_key());
  CHECK(secp256k1->public_key()->type() == KeyType::kSecp256k1);
  CHECK(secp256k1->matches(*secp256k1->public_key()));
  CHECK_FALSE(PeerId::parse("QmVMT29id3TUASyfZZ6k9hmNyc2nYabCo4uMSpDw4zrgDk")->public_key());
  CHECK_FALSE(PeerId().public_key());
}

TEST_CASE("PeerId: what is none") {
  for (const std::string_view text :
       {"", "1", "Qm", "hello", "12D3KooW", "zEPJcGHUVYyrGAXXGQhLF39KAny4ojC9RPmA777H2",
        "bafkreifoybygix7fh3r3g5rqle3wcnhqldgdg4shzf4k3ulyw3gn7mabt4",
        "QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N1"}) {
    CAPTURE(text);
    CHECK_FALSE(PeerId::parse(text));
  }
  for (const std::string_view bytes : {"", "00", "0000", "1220", "002408"}) {
    CHECK(PeerId::from_bytes(hex(bytes)).error() == Errc::kMalformed);
  }
}

TEST_CASE("PeerId: a value among others") {
  const PeerId a = *PeerId::parse("12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA");
  const PeerId b = *PeerId::parse("QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N");
  CHECK(PeerId().empty());
  CHECK(PeerId() < a);
  CHECK(a < b);  // identity before sha2-256
  CHECK(std::set<PeerId>{b, a, b}.size() == 2);
  CHECK(std::unordered_set<PeerId>{b, a, b}.size() == 2);
}

TEST_CASE("NodeId: known answer, in every form a user may type") {
  const NodeId id(standard_key());
  CHECK(id.to_string() == kNodeIdText);
  CHECK(id.short_text() == "zEPJcGHUVY");
  CHECK(to_hex(id.bytes()) == "862403" + kStandardX);
  CHECK(id.public_key() == standard_key());
  std::string upper = "03" + kStandardX;
  std::ranges::transform(upper, upper.begin(), [](char c) { return static_cast<char>(std::toupper(c)); });
  for (const std::string& text :
       std::vector<std::string>{kNodeIdText, "03" + kStandardX, upper, "04" + kStandardX + kStandardY,
                                sm2_public_key_to_pem(standard_key())}) {
    CAPTURE(text);
    const auto parsed = NodeId::parse(text);
    REQUIRE(parsed);
    CHECK(*parsed == id);
  }
  CHECK(*NodeId::from_bytes(id.bytes()) == id);
  CHECK(*NodeId::from_key_bytes(id.key_bytes()) == id);
}

TEST_CASE("NodeId: the text always has 49 characters and begins alike") {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    const auto key = Sm2PrivateKey::generate(testing::seeded(seed));
    const std::string text = NodeId(key.public_key()).to_string();
    CHECK(text.size() == 49);
    CHECK(text.starts_with("zEPJ"));
    CHECK(NodeId::parse(text)->public_key() == key.public_key());
  }
}

TEST_CASE("NodeId: what is none") {
  const auto encoded = [](const std::string& bytes) {
    return multibase_encode(Multibase::kBase58Btc, hex(bytes));
  };
  CHECK(NodeId::parse("").error() == Errc::kBadEncoding);
  CHECK(NodeId::parse("z").error() == Errc::kTruncated);
  CHECK(NodeId::parse("z0").error() == Errc::kBadEncoding);
  CHECK(NodeId::parse("12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA").error() == Errc::kBadEncoding);
  CHECK(NodeId::parse(std::string(66, 'g')).error() == Errc::kBadEncoding);
  CHECK(NodeId::parse("02" + std::string(63, '0') + "2").error() == Errc::kBadKey);
  CHECK(NodeId::parse("04" + kStandardX + kStandardX).error() == Errc::kBadKey);
  CHECK(NodeId::parse(encoded("862404" + kStandardX)).error() == Errc::kBadKey);
  CHECK(NodeId::parse(encoded("862403" + kStandardX + "00")).error() == Errc::kBadKey);
  CHECK(NodeId::parse(encoded("862402" + std::string(63, '0') + "2")).error() == Errc::kBadKey);
  CHECK(NodeId::parse(encoded("802403" + kStandardX)).error() == Errc::kMalformed);  // another codec: P-256
  CHECK(NodeId::parse(encoded("86a40003" + kStandardX)).error() == Errc::kNotMinimal);
  CHECK(NodeId::parse("-----BEGIN PUBLIC KEY-----\n!\n").error() == Errc::kBadKey);
  CHECK(NodeId::from_bytes(hex("03" + kStandardX)).error());
}

TEST_CASE("NodeId: a value among others") {
  const NodeId a(Sm2PrivateKey::generate(testing::seeded(1)).public_key());
  const NodeId b(Sm2PrivateKey::generate(testing::seeded(2)).public_key());
  CHECK(std::set<NodeId>{b, a, b}.size() == 2);
  CHECK(std::unordered_set<NodeId>{b, a, b}.size() == 2);
}
