#include "warren/crypto/sm2.hpp"

#include <doctest/doctest.h>

#include <thread>

#include "warren/crypto/test_keys.hpp"
#include "warren/crypto/testing.hpp"

using namespace warren;
using testing::hex;
using testing::hex_array;
using testing::kStandardX;
using testing::kStandardY;
using testing::standard_key;

namespace {

const std::string kR = "f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3";
const std::string kS = "b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa";
const std::string kN = "fffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54123";
const std::string kP = "fffffffeffffffffffffffffffffffffffffffff00000000ffffffffffffffff";
const std::string kZero(64, '0');
const BytesView kMessage = as_bytes("message digest");

Sm2PrivateKey standard_secret() {
  return std::move(*Sm2PrivateKey::from_scalar(hex(testing::kStandardD)));
}

}  // namespace

TEST_CASE("SM2: GB/T 32918.5 A.2") {
  const Sm2PublicKey key = standard_key();
  CHECK(to_hex(key.za()) == "b2e14c5c79c6df5b85f4fe7ed8db7a262b9da7e07ccb0ea9f4747b8ccda8a4f3");
  Bytes signed_bytes = to_bytes(BytesView(key.za()));
  append(signed_bytes, kMessage);
  CHECK(to_hex(sm3(signed_bytes)) == "f0b43e94ba45accaace692ed534382eb17e6ab5a19ce7b31f4486fdfc0d28640");
  CHECK(key.verify(kMessage, hex(kR + kS)));

  const Sm2PrivateKey secret = standard_secret();
  CHECK(secret.public_key() == key);
  CHECK(to_hex(secret.scalar().view()) == testing::kStandardD);
  CHECK(to_hex(key.compressed()) == "03" + kStandardX);
  CHECK(to_hex(key.uncompressed()) == "04" + kStandardX + kStandardY);
  CHECK(*Sm2PublicKey::from_compressed(hex("03" + kStandardX)) == key);
}

TEST_CASE("SM2: signatures made by the openssl program") {
  const auto verifies = [](std::string_view der) {
    const auto raw = ec_signature_from_der(hex(der));
    return raw && standard_key().verify(kMessage, *raw);
  };
  CHECK(verifies(
      "3045022100ebac3f8c7f2eb3c108858a450e33e059cee59a29960a598501d46a133666678102204b6bfe06c54e16f6370e73"
      "380c67df899db1fa2d19b3526ea32a3a7e9370f2e8"));
  // Without -pkeyopt distid it signs under the empty user ID, which is another message to us.
  CHECK_FALSE(verifies(
      "3044022058eba75a9d766ea9fe114f09c528397ec65e1a69083ccc305959e48259bf2bc4022039d9f821b5f19d3a1a"
      "bca9871e762b3d7183b98efc6ad9d31f15dd23441502e8"));
}

TEST_CASE("SM2: what one key signs, it alone verifies, for this message and domain") {
  const auto alice = Sm2PrivateKey::generate(testing::seeded(1));
  const auto bob = Sm2PrivateKey::generate(testing::seeded(2));
  CHECK(alice.public_key() != bob.public_key());
  for (const std::size_t size : {0, 1, 64, 5000}) {
    const Bytes message(size, 0x61);
    const Sm2Signature signature = alice.sign(message);
    CHECK(alice.public_key().verify(message, signature));
    CHECK_FALSE(bob.public_key().verify(message, signature));
    CHECK_FALSE(alice.public_key().verify(as_bytes("other"), signature));
    CHECK_FALSE(alice.public_key().verify("warren/test/1", message, signature));

    const Sm2Signature separated = alice.sign("warren/test/1", message);
    CHECK(alice.public_key().verify("warren/test/1", message, separated));
    CHECK_FALSE(alice.public_key().verify("warren/test/2", message, separated));
    CHECK_FALSE(alice.public_key().verify(message, separated));
    CHECK(alice.public_key().verify(with_domain("warren/test/1", message), separated));
  }
  // The domain's length is signed too: nothing can move from it into the message.
  CHECK_FALSE(alice.public_key().verify("ab", as_bytes("c"), alice.sign("a", as_bytes("bc"))));
  CHECK(alice.sign(kMessage) != alice.sign(kMessage));
  CHECK(Sm2PrivateKey::generate(testing::seeded(1)).public_key() == alice.public_key());
}

TEST_CASE("SM2: every damaged bit of a signature is noticed") {
  const Sm2PublicKey key = standard_key();
  const Bytes good = hex(kR + kS);
  for (std::size_t bit = 0; bit < good.size() * 8; bit += 5) {
    Bytes damaged = good;
    damaged[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
    CHECK_FALSE(key.verify(kMessage, damaged));
  }
}

TEST_CASE("SM2: r and s have to be in [1, n-1], with r + s not n") {
  const Sm2PublicKey key = standard_key();
  const std::string n_plus_1 = "fffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54124";
  const std::string n_minus_r = "0a5fc4f8b72d3b9bf1153aec1e447e5e18bf0532f9f04dea100f755c4aee2070";
  for (const std::string& signature : std::vector<std::string>{
           kZero + kS, kR + kZero, kZero + kZero, kN + kS, kR + kN, n_plus_1 + kS, kR + n_plus_1,
           kR + n_minus_r, std::string(128, 'f'), kR, kR + kS + "00", std::string()}) {
    CHECK_FALSE(key.verify(kMessage, hex(signature)));
  }
}

TEST_CASE("SM2: points that are no key") {
  CHECK(Sm2PublicKey::from_compressed(hex("02" + kStandardX)));  // the other of the two
  for (const std::string& point : std::vector<std::string>{
           std::string(),
           "00",
           "02",
           "00" + kStandardX,
           "01" + kStandardX,
           "04" + kStandardX,
           "05" + kStandardX,
           "03" + kStandardX + "00",
           "03" + kStandardX.substr(2),
           "02" + kP,
           "03" + kP,                                                             // x = p, so 0
           "02fffffffeffffffffffffffffffffffffffffffff000000010000000000000000",  // x = p + 1
           "02" + std::string(63, '0') + "2",                                     // x = 2 has no y
           "02" + std::string(64, 'f'),
       }) {
    CAPTURE(point);
    CHECK(Sm2PublicKey::from_compressed(hex(point)).error() == Errc::kBadKey);
  }
  for (const std::string& point : std::vector<std::string>{
           "04" + kStandardX + kStandardX,
           "04" + kStandardY + kStandardX,
           "04" + kZero + kZero,
           "06" + kStandardX + kStandardY,
           "07" + kStandardX + kStandardY,
           "00" + kStandardX + kStandardY,
           "02" + kStandardX + kStandardY,
           "04" + kStandardX + kStandardY.substr(2),
           "04" + kStandardX + kP,
           "03" + kStandardX,
       }) {
    CAPTURE(point);
    CHECK(Sm2PublicKey::from_uncompressed(hex(point)).error() == Errc::kBadKey);
  }
}

TEST_CASE("SM2: SubjectPublicKeyInfo has one encoding") {
  const std::string prefix = "3059301306072a8648ce3d020106082a811ccf5501822d034200";
  const Sm2PublicKey key = standard_key();
  CHECK(to_hex(key.to_spki()) == prefix + "04" + kStandardX + kStandardY);
  CHECK(*Sm2PublicKey::from_spki(key.to_spki()) == key);
  for (const std::string& der : std::vector<std::string>{
           std::string(), prefix, prefix + "04" + kStandardX + kStandardX,
           prefix + "04" + kStandardX + kStandardY + "00",
           "3039301306072a8648ce3d020106082a811ccf5501822d032200"
           "03" +
               kStandardX,  // compressed point
           "3059301306072a8648ce3d020106082a8648ce3d030107034200"
           "04" +
               kStandardX + kStandardY,  // P-256
           "308159301306072a8648ce3d020106082a811ccf5501822d034200"
           "04" +
               kStandardX + kStandardY,  // long form
       }) {
    CHECK(Sm2PublicKey::from_spki(hex(der)).error() == Errc::kBadKey);
  }
}

TEST_CASE("SM2: private numbers are in [1, n-2]") {
  const std::string n_minus_1 = "fffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54122";
  const std::string n_minus_2 = "fffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54121";
  const std::string one = std::string(63, '0') + "1";
  for (const std::string& d : std::vector<std::string>{kZero, n_minus_1, kN, std::string(64, 'f'),
                                                       std::string(), one.substr(2), "00" + one}) {
    CHECK(Sm2PrivateKey::from_scalar(hex(d)).error() == Errc::kBadKey);
  }
  for (const std::string& d : std::vector<std::string>{one, n_minus_2}) {
    const auto key = Sm2PrivateKey::from_scalar(hex(d));
    REQUIRE(key);
    CHECK(key->public_key().verify(kMessage, key->sign(kMessage)));
  }
  // The base point itself.
  CHECK(to_hex(Sm2PrivateKey::from_scalar(hex(one))->public_key().compressed()) ==
        "0232c4ae2c1f1981195f9904466a39c9948fe30bbff2660be1715a4589334c74c7");
}

TEST_CASE("SM2: a generator that starts badly is asked again") {
  int calls = 0;
  const auto key = Sm2PrivateKey::generate([&](MutableBytes bytes) {
    std::ranges::fill(bytes, static_cast<std::uint8_t>(++calls == 1 ? 0xff : 0x11));
  });
  CHECK(calls == 2);
  CHECK(to_hex(key.scalar().view()) == std::string(64, '1'));
}

TEST_CASE("SM2: DER signatures") {
  const Sm2Signature raw = hex_array<64>(kR + kS);
  CHECK(to_hex(ec_signature_to_der(raw)) == "3046022100" + kR + "022100" + kS);
  const auto round_trip = [](const std::string& hex_digits, const std::string& der) {
    CHECK(to_hex(ec_signature_to_der(hex_array<64>(hex_digits))) == der);
    const auto back = ec_signature_from_der(hex(der));
    REQUIRE(back);
    CHECK(to_hex(*back) == hex_digits);
  };
  round_trip(std::string(63, '0') + "1" + std::string(62, '0') + "80",
             "30070201"
             "01"
             "0202"
             "0080");
  round_trip(kZero + kZero, "3006020100020100");
  const std::string high = "7f" + std::string(62, 'f');
  const std::string shorter = "7f" + std::string(60, '0');
  round_trip(high + "00" + shorter, "30430220" + high + "021f" + shorter);
}

TEST_CASE("SM2: DER that is not the shortest is refused") {
  for (const std::string& der : std::vector<std::string>{
           std::string(),
           "30",
           "3000",
           "3003020101",
           "300702020001020101",  // leading zero
           std::string("3007020101"
                       "02020001"),
           std::string("3006020181"
                       "020101"),  // negative
           std::string("3005020002"
                       "0101"),   // empty number
           "308106020101020101",  // long form
           "300702810101020101",
           "300602010102010100",  // trailing bytes, outside and inside
           "300702010102010100",
           "3009020101020101020101",
           "3005020101020101",
           "3007020101020101",
           "3106020101020101",
           "3006030101020101",
           "3006020101030101",
           "3047022201" + kR + kR.substr(0, 2) + "022100" + kS,  // 34 bytes
           "3080020101020101"
           "0000",  // indefinite length
       }) {
    CAPTURE(der);
    CHECK(ec_signature_from_der(hex(der)).error() == Errc::kMalformed);
  }
}

TEST_CASE("SM2: one key verifies and signs on several threads") {
  const auto secret = Sm2PrivateKey::generate(testing::seeded(3));
  const Sm2PublicKey key = secret.public_key();
  std::array<bool, 4> good{};
  std::vector<std::thread> threads;
  for (bool& result : good) {
    threads.emplace_back([&secret, key, &result] {
      result = true;
      for (int i = 0; i < 20; ++i) result = result && key.verify(kMessage, secret.sign(kMessage));
    });
  }
  for (auto& thread : threads) thread.join();
  for (const bool result : good) CHECK(result);
}
