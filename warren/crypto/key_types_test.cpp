// What all key types have in common, and how secp256k1 and ECDSA keys are written.
#include <doctest/doctest.h>

#include <fstream>
#include <map>
#include <thread>

#include "warren/crypto/ec_signature.hpp"
#include "warren/crypto/peer_id.hpp"
#include "warren/crypto/test_keys.hpp"
#include "warren/crypto/testing.hpp"

using namespace warren;
using testing::hex;
using testing::kAllKeyTypes;

namespace {

using Vector = std::map<std::string, std::string>;

std::map<std::string, Vector> read_vectors() {
  std::ifstream file("test/vectors/peer_ids.txt");
  std::map<std::string, Vector> vectors;
  std::string type;
  for (std::string line; std::getline(file, line);) {
    const std::size_t equals = line.find('=');
    if (line.starts_with('#') || equals == std::string::npos) continue;
    const std::string name = line.substr(0, equals);
    if (name == "type") type = line.substr(equals + 1);
    vectors[type][name] = line.substr(equals + 1);
  }
  return vectors;
}

std::string spec(const std::string& type, const std::string& name) {
  return read_vectors().at(type).at(name);
}

std::error_code public_error(std::string_view digits) {
  const auto key = PublicKey::from_protobuf(hex(digits));
  return key ? std::error_code() : key.error();
}

std::error_code private_error(std::string_view digits) {
  const auto key = PrivateKey::from_protobuf(hex(digits));
  return key ? std::error_code() : key.error();
}

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  return text.replace(text.find(from), from.size(), to);
}

// s becomes n - s, for n the order of the curve.
Bytes with_other_s(BytesView der, std::string_view order_hex) {
  EcSignature numbers = *ec_signature_from_der(der);
  const Bytes order = hex(order_hex);
  int borrow = 0;
  for (std::size_t i = 32; i-- > 0;) {
    const int difference = order[i] - numbers[32 + i] - borrow;
    borrow = difference < 0 ? 1 : 0;
    numbers[32 + i] = static_cast<std::uint8_t>(difference);
  }
  return ec_signature_to_der(numbers);
}

constexpr std::string_view kSecp256k1Order =
    "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141";
constexpr std::string_view kP256Order = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";

}  // namespace

TEST_CASE("key types: the specification's pairs") {
  const auto vectors = read_vectors();
  REQUIRE(vectors.size() == 4);
  for (const auto& [type, vector] : vectors) {
    CAPTURE(type);
    const auto key = PrivateKey::from_protobuf(hex(vector.at("private")));
    REQUIRE(key);
    CHECK(to_hex(key->to_protobuf().view()) == vector.at("private"));
    CHECK(to_hex(key->public_key().to_protobuf()) == vector.at("public"));
    const auto read = PublicKey::from_protobuf(hex(vector.at("public")));
    REQUIRE(read);
    CHECK(*read == key->public_key());
    CHECK(PeerId::from_public_key(*read).to_string() == vector.at("peer_id"));
    CHECK(read->verify(as_bytes("hello"), hex(vector.at("hello"))));
    CHECK_FALSE(read->verify(as_bytes("hullo"), hex(vector.at("hello"))));
    const bool deterministic = type == "rsa" || type == "ed25519";
    if (deterministic) CHECK(to_hex(key->sign(as_bytes("hello"))) == vector.at("hello"));
  }
}

TEST_CASE("key types: each signs and verifies, for itself and this message only") {
  for (const auto type : kAllKeyTypes) {
    CAPTURE(name_of(type));
    const auto key = PrivateKey::generate(type, testing::seeded(7));
    const auto other = PrivateKey::generate(type, testing::seeded(8));
    CHECK(key.type() == type);
    CHECK_FALSE(key.public_key() == other.public_key());
    CHECK((key.sm2() != nullptr) == (type == KeyType::kSm2));
    CHECK((key.public_key().sm2() != nullptr) == (type == KeyType::kSm2));
    for (const std::string_view message : {"", "hello"}) {
      const Bytes signature = key.sign(as_bytes(message));
      CHECK(key.public_key().verify(as_bytes(message), signature));
      CHECK_FALSE(other.public_key().verify(as_bytes(message), signature));
      CHECK_FALSE(key.public_key().verify(as_bytes("else"), signature));
      CHECK_FALSE(key.public_key().verify(as_bytes(message), {}));
      Bytes longer = signature;
      longer.push_back(0);
      CHECK_FALSE(key.public_key().verify(as_bytes(message), longer));
      for (std::size_t i = 0; i < signature.size(); ++i) {
        Bytes damaged = signature;
        damaged[i] ^= 1;
        CHECK_FALSE(key.public_key().verify(as_bytes(message), damaged));
        CHECK_FALSE(key.public_key().verify(as_bytes(message), BytesView(signature).first(i)));
      }
    }
    const auto stored = key.to_protobuf();
    CHECK(PrivateKey::from_protobuf(stored.view())->public_key() == key.public_key());
    const auto read = PublicKey::from_protobuf(key.public_key().to_protobuf());
    CHECK(*read == key.public_key());
    CHECK(PeerId::from_public_key(*read).matches(key.public_key()));
  }
}

TEST_CASE("key types: a key from a seed is the same each time, but RSA; of another type it is another") {
  std::vector<Bytes> seen;
  for (const auto type : kAllKeyTypes) {
    CAPTURE(name_of(type));
    const Bytes key = PrivateKey::generate(type, testing::seeded(7)).public_key().to_protobuf();
    const Bytes again = PrivateKey::generate(type, testing::seeded(7)).public_key().to_protobuf();
    CHECK((key == again) == (type != KeyType::kRsa));
    CHECK(std::ranges::find(seen, key) == seen.end());
    seen.push_back(key);
  }
}

TEST_CASE("key types: no signature is one of another type's key") {
  for (const auto type : kAllKeyTypes) {
    const Bytes signature = PrivateKey::generate(type, testing::seeded(7)).sign(as_bytes("hello"));
    for (const auto other : kAllKeyTypes) {
      if (other == type) continue;
      const auto key = PrivateKey::generate(other, testing::seeded(7));
      CHECK_FALSE(key.public_key().verify(as_bytes("hello"), signature));
    }
  }
}

TEST_CASE("key types: one key verifies and signs on several threads") {
  for (const auto type : kAllKeyTypes) {
    CAPTURE(name_of(type));
    const auto secret = PrivateKey::generate(type, testing::seeded(3));
    const PublicKey key = secret.public_key();
    std::array<bool, 4> good{};
    std::vector<std::thread> threads;
    for (bool& result : good) {
      threads.emplace_back([&secret, key, &result] {
        result = true;
        for (int i = 0; i < 5; ++i) result = result && key.verify(as_bytes("m"), secret.sign(as_bytes("m")));
      });
    }
    for (auto& thread : threads) thread.join();
    for (const bool result : good) CHECK(result);
  }
}

TEST_CASE("key types: cut short, or with something behind, no message is a key") {
  for (const auto& [type, vector] : read_vectors()) {
    CAPTURE(type);
    for (const char* name : {"public", "private"}) {
      const std::string& message = vector.at(name);
      const auto error = [&](const std::string& digits) {
        return name == std::string("public") ? public_error(digits) : private_error(digits);
      };
      CHECK(error(message + "00") == Errc::kMalformed);
      for (std::size_t size = 0; size < message.size(); size += 2) {
        CHECK(error(message.substr(0, size)) == Errc::kMalformed);
      }
    }
  }
}

TEST_CASE("secp256k1: points are compressed, and on the curve") {
  const std::string x = spec("secp256k1", "public").substr(10);
  CHECK_FALSE(
      public_error("08021221"
                   "03" +
                   x));
  CHECK_FALSE(
      public_error("08021221"
                   "02" +
                   x));  // the other point
  CHECK(public_error("08021221"
                     "04" +
                     x) == Errc::kBadKey);
  CHECK(public_error("08021220" + x) == Errc::kBadKey);
  CHECK(public_error("08021200") == Errc::kBadKey);
  CHECK(public_error("08021221"
                     "03" +
                     std::string(63, '0') + "5") == Errc::kBadKey);  // not on it
  CHECK(public_error("08021221"
                     "03" +
                     std::string(64, 'f')) == Errc::kBadKey);  // x >= p
  // The base point, uncompressed: Go reads it, but it would be a second PeerID of that key.
  const std::string base =
      "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"
      "483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8";
  CHECK(public_error("08021241"
                     "04" +
                     base) == Errc::kBadKey);
  CHECK_FALSE(
      public_error("08021221"
                   "02" +
                   base.substr(0, 64)));
}

TEST_CASE("secp256k1: private numbers are in [1, n-1]") {
  const std::string below = replaced(std::string(kSecp256k1Order), "4141", "4140");
  CHECK_FALSE(private_error("08021220" + below));
  CHECK_FALSE(private_error("08021220" + std::string(63, '0') + "1"));
  CHECK(private_error("08021220" + std::string(kSecp256k1Order)) == Errc::kBadKey);
  CHECK(private_error("08021220" + std::string(64, '0')) == Errc::kBadKey);
  CHECK(private_error("08021220" + std::string(64, 'f')) == Errc::kBadKey);
  CHECK(private_error("0802121f" + std::string(62, '1')) == Errc::kBadKey);
}

TEST_CASE("secp256k1: we write the smaller s, and read both; P-256 does not care") {
  const auto secp = PrivateKey::generate(KeyType::kSecp256k1, testing::seeded(1));
  for (int i = 0; i < 16; ++i) {
    const Bytes signature = secp.sign(as_bytes("hello"));
    CHECK((*ec_signature_from_der(signature))[32] < 0x80);
    const Bytes other = with_other_s(signature, kSecp256k1Order);
    CHECK((*ec_signature_from_der(other))[32] >= 0x7f);
    CHECK(secp.public_key().verify(as_bytes("hello"), other));
  }
  const auto p256 = PrivateKey::generate(KeyType::kEcdsa, testing::seeded(1));
  const Bytes signature = p256.sign(as_bytes("hello"));
  CHECK(p256.public_key().verify(as_bytes("hello"), with_other_s(signature, kP256Order)));
}

TEST_CASE("secp256k1, ECDSA: signatures are strict DER of numbers in range") {
  for (const auto type : {KeyType::kSecp256k1, KeyType::kEcdsa}) {
    CAPTURE(name_of(type));
    const auto key = PrivateKey::generate(type, testing::seeded(1));
    const std::string order(type == KeyType::kEcdsa ? kP256Order : kSecp256k1Order);
    EcSignature numbers = *ec_signature_from_der(key.sign(as_bytes("hello")));
    CHECK_FALSE(key.public_key().verify(as_bytes("hello"), numbers));  // raw
    const std::string r = to_hex(BytesView(numbers).first(32));
    const std::string s = to_hex(BytesView(numbers).last(32));
    const std::string zero(64, '0');
    for (const std::string& bad : {zero + s, r + zero, order + s, r + order, zero + zero}) {
      const Bytes der = ec_signature_to_der(testing::hex_array<64>(bad));
      CHECK_FALSE(key.public_key().verify(as_bytes("hello"), der));
    }
    // A number padded with zeros beyond what the sign needs.
    const std::string padded =
        "3048"
        "0222"
        "0000" +
        r +
        "0222"
        "0000" +
        s;
    CHECK_FALSE(key.public_key().verify(as_bytes("hello"), hex(padded)));
  }
}

TEST_CASE("ECDSA: P-256 only, in one encoding") {
  const std::string good = spec("ecdsa", "public");
  const std::string spki = good.substr(8);
  const std::string point = spki.substr(52);
  // The compressed form of the same point.
  const std::string compressed =
      "3039301306072a8648ce3d020106082a8648ce3d030107032200"
      "02" +
      point.substr(2, 64);
  CHECK(public_error("0803123b" + compressed) == Errc::kBadKey);
  // P-384 (1.3.132.0.34), with a point of the size that belongs to it.
  const std::string p384 = "3076301006072a8648ce3d020106052b8104002203620004" + std::string(192, '1');
  CHECK(public_error("08031278" + p384) == Errc::kUnknownKeyType);
  // secp256k1 and SM2 as ECDSA keys: curves with keys of the same size.
  CHECK(public_error("08031258"
                     "3056301006072a8648ce3d020106052b8104000a034200" +
                     point) == Errc::kUnknownKeyType);
  CHECK(public_error("0803125b" + replaced(spki, "2a8648ce3d030107", "2a811ccf5501822d")) ==
        Errc::kUnknownKeyType);
  // Another algorithm, and no algorithm.
  CHECK(public_error("0803121f" + spec("rsa", "public").substr(10, 62)) == Errc::kBadKey);
  CHECK(public_error("08031241" + point) == Errc::kBadKey);
  CHECK(public_error("0803125c" + spki + "00") == Errc::kBadKey);
  CHECK(public_error("0803125a" + spki.substr(0, 180)) == Errc::kBadKey);
  CHECK(public_error(replaced(good, "3059", "305a")) == Errc::kBadKey);
  CHECK(public_error(replaced(good, "034200", "034201")) == Errc::kBadKey);
  CHECK(public_error(replaced(good, "04de3d30", "04de3d31")) == Errc::kBadKey);  // off the curve
}

TEST_CASE("ECDSA: a private key comes with its own public key") {
  const std::string good = spec("ecdsa", "private");
  CHECK(private_error(replaced(good, "3e5b1fe9", "3e5b1fe8")) == Errc::kBadKey);
  CHECK(private_error(replaced(good, "04de3d30", "04de3d31")) == Errc::kBadKey);
  CHECK(private_error(replaced(good, "a00a06082a8648ce3d030107", "a00a06082a811ccf5501822d")) ==
        Errc::kBadKey);
  CHECK(private_error("08031220" + good.substr(22, 64)) == Errc::kBadKey);
  CHECK(private_error("08031200") == Errc::kBadKey);
}
