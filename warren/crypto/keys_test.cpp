#include "warren/crypto/keys.hpp"

#include <doctest/doctest.h>

#include "warren/crypto/testing.hpp"

using namespace warren;
using testing::hex;

namespace {

const std::string kStandardPoint = std::string(testing::kStandardX) + std::string(testing::kStandardY);
const std::string kSm2Spki = "3059301306072a8648ce3d020106082a811ccf5501822d03420004" + kStandardPoint;

Result<PublicKey> read_public(std::string_view digits) {
  return PublicKey::from_protobuf(hex(digits));
}
Result<PrivateKey> read_private(std::string_view digits) {
  return PrivateKey::from_protobuf(hex(digits));
}

}  // namespace

TEST_CASE("keys: the specification's Ed25519 pair") {
  const auto key = read_private(testing::kSpecEd25519Private);
  REQUIRE(key);
  CHECK(key->type() == KeyType::kEd25519);
  CHECK(to_hex(key->public_key().to_protobuf()) == testing::kSpecEd25519Public);
  CHECK(to_hex(key->to_protobuf().view()) == testing::kSpecEd25519Private);
  CHECK(*read_public(testing::kSpecEd25519Public) == key->public_key());
  // Made by go-libp2p.
  CHECK(to_hex(key->sign(as_bytes("hello"))) ==
        "54f7fd037768d6479d14967d3df9500ba0720166b931e5e9912e58a0ac49fbfc"
        "ef7aa3adc9b89d736d7411749dee70eb00ff8792ecc5e8c8c39c0b97f710d40c");
}

TEST_CASE("keys: types that nobody knows are named as such, not guessed") {
  CHECK(read_public("080412021234").error() == Errc::kUnknownKeyType);
  CHECK(read_public("08ffffffffffffffffff0112021234").error() == Errc::kUnknownKeyType);
  CHECK(read_private("0804122053dadf1d5a164d6b4acdb15e24aa4c5b1d3461bdbd42abedb0a4404d56ced8fb").error() ==
        Errc::kUnknownKeyType);
  CHECK(name_of(KeyType::kRsa) == "RSA");
  CHECK(name_of(static_cast<KeyType>(4)) == "unknown");
}

TEST_CASE("keys: a key message has one encoding") {
  const std::string data = std::string(testing::kSpecEd25519Public).substr(8);
  CHECK(read_public("08011220" + data));
  const std::vector<std::string> not_canonical = {
      // A field is missing, or the order is wrong.
      "",
      "0801",
      "1220" + data,
      "1220" + data + "0801",
      // Padded numbers.
      "0881001220" + data,
      "080112a000" + data,
      "8800011220" + data,
      // A field twice.
      "080108011220" + data,
      "08011220" + data + "1220" + data,
      // Something more.
      "08011220" + data + "1801",
      "08011220" + data + "00",
      // Sizes and types that are wrong.
      "08011221" + data,
      "0801121f" + data,
      "0a01011220" + data,
      "08011801",
  };
  for (const auto& message : not_canonical) {
    CAPTURE(message);
    CHECK(read_public(message).error() == Errc::kMalformed);
  }
  CHECK(read_public("0801121f" + data.substr(2)).error() == Errc::kBadKey);
  CHECK(read_public("08011221" + data + "00").error() == Errc::kBadKey);
  CHECK(read_public("08011200").error() == Errc::kBadKey);
}

TEST_CASE("keys: Ed25519 private keys, both forms, and only with their own public key") {
  const std::string all = std::string(testing::kSpecEd25519Private).substr(8);
  const std::string seed = all.substr(0, 64);
  const std::string point = all.substr(64);
  const std::string wrong = "00" + point.substr(2);
  CHECK(to_hex(read_private("08011260" + seed + point + point)->to_protobuf().view()) ==
        testing::kSpecEd25519Private);
  CHECK(read_private("08011260" + seed + point + wrong).error() == Errc::kBadKey);
  CHECK(read_private("08011260" + seed + wrong + point).error() == Errc::kBadKey);
  CHECK(read_private("08011240" + seed + wrong).error() == Errc::kBadKey);
  CHECK(read_private("08011220" + seed).error() == Errc::kBadKey);
  CHECK(read_private("08011200").error() == Errc::kBadKey);
  CHECK(to_hex(PrivateKey::from_ed25519_seed(hex(seed))->public_key().data()) == point);
  CHECK(PrivateKey::from_ed25519_seed(hex(seed + "00")).error() == Errc::kBadKey);
}

TEST_CASE("keys: Ed25519 signatures of RFC 8032 section 7.1") {
  struct Vector {
    std::string_view seed, key, message, signature;
  };
  const Vector vectors[] = {
      {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
       "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
       "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
       "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"},
      {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
       "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
       "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
       "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"},
      {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
       "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
       "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
       "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"},
  };
  for (const auto& vector : vectors) {
    const auto key = PrivateKey::from_ed25519_seed(hex(vector.seed));
    REQUIRE(key);
    CHECK(to_hex(key->public_key().data()) == vector.key);
    CHECK(to_hex(key->sign(hex(vector.message))) == vector.signature);
    CHECK(key->public_key().verify(hex(vector.message), hex(vector.signature)));
  }
  // The second signature with S + L for S: a lax verifier takes it as well (RFC 8032 section 8.4).
  const auto key = PublicKey::from_ed25519(hex(vectors[1].key));
  const std::string r(vectors[1].signature.substr(0, 64));
  CHECK_FALSE(
      key->verify(hex("72"), hex(r + "f52db7415978abc61b2c2eb6aeebfca0387b2eaeb4302aeeb00d291612bb0c10")));
  // All zero: a key of low order, for which a signature of zeros would hold for many messages.
  const auto weak = PublicKey::from_ed25519(Bytes(32));
  CHECK_FALSE(weak->verify(hex("72"), Bytes(64)));
}

TEST_CASE("keys: SM2 as a libp2p key") {
  const auto key = PrivateKey::from_sm2(std::move(*Sm2PrivateKey::from_scalar(hex(testing::kStandardD))));
  CHECK(to_hex(key.public_key().to_protobuf()) == "0840125b" + kSm2Spki);
  CHECK(*read_public("0840125b" + kSm2Spki) == key.public_key());
  CHECK(to_hex(key.public_key().data()) == kSm2Spki);
  CHECK(read_public("0804125b" + kSm2Spki).error() == Errc::kUnknownKeyType);
  CHECK(read_public("0840125c" + kSm2Spki + "00").error() == Errc::kBadKey);
  CHECK(read_public("0840122103" + std::string(testing::kStandardX)).error() == Errc::kBadKey);

  const std::string stored = "08401220" + std::string(testing::kStandardD);
  CHECK(to_hex(key.to_protobuf().view()) == stored);
  CHECK(read_private(stored)->public_key() == key.public_key());
  CHECK(read_private("08401220" + std::string(64, '0')).error() == Errc::kBadKey);

  const Bytes signature = key.sign(as_bytes("message"));
  CHECK(key.public_key().verify(as_bytes("message"), signature));
  CHECK_FALSE(key.public_key().verify(as_bytes("messages"), signature));
  // On the wire it is DER and nothing else.
  CHECK_FALSE(key.public_key().verify(as_bytes("message"), *ec_signature_from_der(signature)));
  // The standard's own signature, in DER, over the plain message.
  CHECK(
      key.public_key().verify(as_bytes("message digest"),
                              hex("3046022100f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3"
                                  "022100b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa")));
}

TEST_CASE("secrets: wiped, compared and moved") {
  SecretBytes secret(as_bytes("secret"));
  CHECK(equal_secret(secret.view(), as_bytes("secret")));
  CHECK_FALSE(equal_secret(secret.view(), as_bytes("secreT")));
  CHECK_FALSE(equal_secret(secret.view(), as_bytes("secrets")));
  SecretBytes moved = std::move(secret);
  CHECK(as_text(moved.view()) == "secret");
  wipe(moved.writable());
  CHECK(equal(moved.view(), Bytes(6)));
}
