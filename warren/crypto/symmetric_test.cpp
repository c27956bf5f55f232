// Hashes, HKDF, AEAD and X25519 against the vectors of their specifications.
#include <doctest/doctest.h>

#include <numeric>

#include "warren/crypto/aead.hpp"
#include "warren/crypto/hash.hpp"
#include "warren/crypto/hkdf.hpp"
#include "warren/crypto/testing.hpp"
#include "warren/crypto/x25519.hpp"

using namespace warren;
using testing::hex;
using testing::hex_array;

namespace {

Bytes range(std::uint8_t first, std::size_t size) {
  Bytes bytes(size);
  std::iota(bytes.begin(), bytes.end(), first);
  return bytes;
}

std::string hkdf(const Bytes& salt, const Bytes& key, const Bytes& info, std::size_t size) {
  Bytes out(size);
  hkdf_sha256(salt, key, info, out);
  return to_hex(out);
}

}  // namespace

TEST_CASE("SHA-256 and SM3") {
  CHECK(to_hex(sha256(as_bytes("abc"))) ==
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(to_hex(sha256({})) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  // GB/T 32905 appendix A
  CHECK(to_hex(sm3(as_bytes("abc"))) == "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0");
  std::string repeated;
  for (int i = 0; i < 16; ++i) repeated += "abcd";
  CHECK(to_hex(sm3(as_bytes(repeated))) ==
        "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732");
}

TEST_CASE("HMAC-SHA256: RFC 4231") {
  CHECK(to_hex(hmac_sha256(Bytes(20, 0x0b), as_bytes("Hi There"))) ==
        "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  CHECK(to_hex(hmac_sha256(as_bytes("Jefe"), as_bytes("what do ya want for nothing?"))) ==
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  CHECK(to_hex(hmac_sha256(Bytes(131, 0xaa),
                           as_bytes("Test Using Larger Than Block-Size Key - Hash Key First"))) ==
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST_CASE("HKDF-SHA256: RFC 5869") {
  CHECK(hkdf(range(0, 13), Bytes(22, 0x0b), range(0xf0, 10), 42) ==
        "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865");
  CHECK(hkdf(range(0x60, 80), range(0, 80), range(0xb0, 80), 82) ==
        "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09"
        "da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87");
  CHECK(hkdf({}, Bytes(22, 0x0b), {}, 42) ==
        "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8");
}

TEST_CASE("ChaCha20-Poly1305: RFC 8439 section 2.8.2") {
  const auto key = hex_array<32>("808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f");
  const auto nonce = hex_array<12>("070000004041424344454647");
  const Bytes additional = hex("50515253c0c1c2c3c4c5c6c7");
  const Bytes plaintext = to_bytes(
      "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen "
      "would "
      "be it.");
  const std::string sealed_hex =
      "d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d63dbea45e8ca9671282fafb69da92728b1a71de"
      "0a9e06"
      "0b2905d6a5b67ecd3b3692ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc3ff4def08e4b7a9de5"
      "76d265"
      "86cec64b61161ae10b594f09e26a7e902ecbd0600691";

  ChaCha20Poly1305 cipher(key);
  Bytes sealed(plaintext.size() + kAeadTagSize);
  cipher.seal(nonce, additional, plaintext, sealed.data());
  CHECK(to_hex(sealed) == sealed_hex);

  Bytes opened(plaintext.size());
  CHECK(cipher.open(nonce, additional, sealed, opened.data()));
  CHECK(opened == plaintext);

  Bytes tag_only(kAeadTagSize);
  cipher.seal(nonce, {}, {}, tag_only.data());
  CHECK(to_hex(tag_only) == "a0784d7a4716f3feb4f64e7f4b39bf04");
  CHECK(cipher.open(nonce, {}, tag_only, nullptr));
}

TEST_CASE("ChaCha20-Poly1305: records in place, in any order, one cipher for both directions") {
  const std::array<std::uint8_t, 32> key{7};
  ChaCha20Poly1305 cipher(key);
  for (const std::size_t size : {0, 1, 15, 16, 17, 1000, 65519}) {
    const Bytes plaintext(size, 0x5a);
    Bytes buffer = plaintext;
    buffer.resize(size + kAeadTagSize);
    cipher.seal(counter_nonce(size), {}, BytesView(buffer).first(size), buffer.data());
    Bytes apart(size + kAeadTagSize);
    cipher.seal(counter_nonce(size), {}, plaintext, apart.data());
    CHECK(buffer == apart);
    CHECK(cipher.open(counter_nonce(size), {}, buffer, buffer.data()));
    CHECK(equal(BytesView(buffer).first(size), plaintext));
  }
}

TEST_CASE("ChaCha20-Poly1305: whatever was changed, it does not open; the next record does") {
  ChaCha20Poly1305 cipher(std::array<std::uint8_t, 32>{1});
  const Bytes plaintext = to_bytes("hello");
  Bytes sealed(plaintext.size() + kAeadTagSize);
  cipher.seal(counter_nonce(1), as_bytes("ad"), plaintext, sealed.data());
  Bytes out(plaintext.size());
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    Bytes damaged = sealed;
    damaged[i] ^= 1;
    CHECK_FALSE(cipher.open(counter_nonce(1), as_bytes("ad"), damaged, out.data()));
  }
  CHECK_FALSE(cipher.open(counter_nonce(2), as_bytes("ad"), sealed, out.data()));
  CHECK_FALSE(cipher.open(counter_nonce(1), as_bytes("ae"), sealed, out.data()));
  CHECK_FALSE(cipher.open(counter_nonce(1), {}, sealed, out.data()));
  CHECK_FALSE(cipher.open(counter_nonce(1), {}, BytesView(sealed).first(15), out.data()));
  ChaCha20Poly1305 other(std::array<std::uint8_t, 32>{2});
  CHECK_FALSE(other.open(counter_nonce(1), as_bytes("ad"), sealed, out.data()));
  CHECK(cipher.open(counter_nonce(1), as_bytes("ad"), sealed, out.data()));

  ChaCha20Poly1305 moved = std::move(cipher);
  CHECK(moved.open(counter_nonce(1), as_bytes("ad"), sealed, out.data()));
  CHECK(to_hex(counter_nonce(0x0102030405060708)) == "000000000807060504030201");
}

TEST_CASE("X25519: RFC 7748 section 6.1") {
  const X25519PrivateKey alice(
      hex_array<32>("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a"));
  const X25519PrivateKey bob(
      hex_array<32>("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb"));
  CHECK(to_hex(alice.public_key()) == "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a");
  CHECK(to_hex(bob.public_key()) == "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f");
  const std::string shared = "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742";
  CHECK(to_hex(alice.shared_secret(bob.public_key())->view()) == shared);
  CHECK(to_hex(bob.shared_secret(alice.public_key())->view()) == shared);
}

TEST_CASE("X25519: points of low order are refused") {
  const auto key = X25519PrivateKey::generate(testing::seeded(1));
  for (const std::string_view point : {
           "0000000000000000000000000000000000000000000000000000000000000000",
           "0100000000000000000000000000000000000000000000000000000000000000",
           "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
           "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
           "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
       }) {
    CHECK(key.shared_secret(hex_array<32>(point)).error() == Errc::kBadKey);
  }
  const auto same = X25519PrivateKey::generate(testing::seeded(1));
  CHECK(same.public_key() == key.public_key());
  CHECK(X25519PrivateKey::generate(system_random()).public_key() != key.public_key());
}
