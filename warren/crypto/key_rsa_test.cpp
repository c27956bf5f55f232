// RSA keys: which sizes and numbers are let in, and at what cost.
#include <doctest/doctest.h>

#include <ctime>

#include "warren/base/protobuf_wire.hpp"
#include "warren/crypto/der.hpp"
#include "warren/crypto/keys.hpp"
#include "warren/crypto/testing.hpp"

using namespace warren;
using testing::hex;

namespace {

Bytes message_of(KeyType type, BytesView data) {
  return ProtobufWriter().varint(1, static_cast<std::uint64_t>(type)).bytes(2, data).take();
}

// The PublicKey message of a key with these numbers.
Bytes key_of(BytesView modulus, BytesView exponent) {
  Writer numbers, sequence, info, spki;
  write_der_unsigned(numbers, modulus);
  write_der_unsigned(numbers, exponent);
  sequence.u8(0);
  write_der(sequence, DerTag::kSequence, numbers.view());
  info.bytes(hex("300d06092a864886f70d0101010500"));
  write_der(info, DerTag::kBitString, sequence.view());
  write_der(spki, DerTag::kSequence, info.view());
  return message_of(KeyType::kRsa, spki.view());
}

// A number of that many bits, the lowest of which is set.
Bytes number_of(std::size_t bits) {
  Bytes digits((bits + 7) / 8, 0x5a);
  digits[0] = static_cast<std::uint8_t>(1U << (bits - 1) % 8);
  digits.back() |= 1;
  return digits;
}

const Bytes kUsualExponent = hex("010001");

std::error_code error_of(BytesView message) {
  const auto key = PublicKey::from_protobuf(message);
  return key ? std::error_code() : key.error();
}

// The numbers of a private key, in the order of PKCS #1, without the version.
std::vector<Bytes> private_numbers(const PrivateKey& key) {
  const SecretBytes message = key.to_protobuf();
  Reader outer(message.view().subspan(message.view()[3] >= 0x80 ? 5 : 4));  // the header: type, size
  Reader parts(read_der(outer, DerTag::kSequence));
  read_der_unsigned(parts);
  std::vector<Bytes> numbers;
  while (parts.remaining() > 0 && parts.ok()) numbers.push_back(to_bytes(read_der_unsigned(parts)));
  REQUIRE(parts.ok());
  return numbers;
}

std::error_code private_error(const std::vector<Bytes>& numbers, std::uint8_t version = 0) {
  Writer parts, der;
  write_der_unsigned(parts, Bytes{version});
  for (const Bytes& number : numbers) write_der_unsigned(parts, number);
  write_der(der, DerTag::kSequence, parts.view());
  const auto key = PrivateKey::from_protobuf(message_of(KeyType::kRsa, der.view()));
  return key ? std::error_code() : key.error();
}

}  // namespace

TEST_CASE("RSA: from 2048 to 8192 bits") {
  for (const std::size_t bits : {2048, 2049, 3072, 4096, 8191, 8192}) {
    CAPTURE(bits);
    const Bytes message = key_of(number_of(bits), kUsualExponent);
    const auto key = PublicKey::from_protobuf(message);
    REQUIRE(key);
    CHECK(key->to_protobuf() == message);
    CHECK_FALSE(key->verify(as_bytes("hello"), Bytes((bits + 7) / 8, 1)));
  }
  for (const std::size_t bits : {1, 8, 512, 1024, 2040, 2047, 8193, 8194, 8200, 9000, 16384, 100'000}) {
    CAPTURE(bits);
    CHECK(error_of(key_of(number_of(bits), kUsualExponent)) == Errc::kBadKeySize);
  }
  CHECK(error_of(key_of(Bytes(1), kUsualExponent)) == Errc::kBadKeySize);  // zero
}

TEST_CASE("RSA: a huge key is refused before anything is computed with it") {
  // 16384 bits, all set, with an exponent of the same size: one verification would take seconds.
  const Bytes huge(2048, 0xff);
  const Bytes message = key_of(huge, huge);
  CHECK(error_of(message) == Errc::kBadKeySize);
  // Large exponents of an allowed modulus are as bad.
  const Bytes slow = key_of(number_of(8192), Bytes(1024, 0xff));
  const std::clock_t start = std::clock();
  for (int i = 0; i < 1000; ++i) {
    CHECK_FALSE(PublicKey::from_protobuf(message));
    CHECK_FALSE(PublicKey::from_protobuf(slow));
  }
  const double seconds = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
  CHECK(seconds < 1.0);  // 0.02 in practice; a single modular power of this size takes longer
}

TEST_CASE("RSA: odd moduli and sane exponents") {
  const Bytes modulus = number_of(2048);
  for (const std::string_view exponent : {"03", "11", "010001", "7fffffff"}) {
    CHECK_FALSE(error_of(key_of(modulus, hex(exponent))));
  }
  for (const std::string_view exponent : {"00", "01", "02", "04", "010000", "80000001", "0100000001"}) {
    CAPTURE(exponent);
    CHECK(error_of(key_of(modulus, hex(exponent))) == Errc::kBadKey);
  }
  Bytes even = modulus;
  even.back() ^= 1;
  CHECK(error_of(key_of(even, kUsualExponent)) == Errc::kBadKey);
}

TEST_CASE("RSA: one encoding") {
  const std::string modulus =
      "0282010100"
      "c1" +
      std::string(508, 'a') + "01";
  const std::string numbers = "3082010a" + modulus + "0203010001";
  const std::string algorithm = "300d06092a864886f70d0101010500";
  const auto error = [](const std::string& spki) { return error_of(message_of(KeyType::kRsa, hex(spki))); };
  CHECK_FALSE(error("30820122" + algorithm + "0382010f00" + numbers));
  // Something behind: the whole, the bit string, the numbers.
  CHECK(error("30820122" + algorithm + "0382010f00" + numbers + "00") == Errc::kBadKey);
  CHECK(error("30820123" + algorithm + "0382010f00" + numbers + "00") == Errc::kBadKey);
  CHECK(error("30820123" + algorithm + "0382011000" + numbers + "00") == Errc::kBadKey);
  CHECK(error("30820124"
              "300d06092a864886f70d0101010500"
              "0382011100"
              "3082010c" +
              modulus +
              "0203010001"
              "0500") == Errc::kBadKey);
  // No parameters instead of NULL; the algorithm of PSS keys.
  CHECK(error("30820120"
              "300b06092a864886f70d010101"
              "0382010f00" +
              numbers) == Errc::kBadKey);
  CHECK(error("30820122"
              "300d06092a864886f70d01010a0500"
              "0382010f00" +
              numbers) == Errc::kBadKey);
  // Unused bits; a padded number; a negative one; the numbers without what is around them.
  CHECK(error("30820122" + algorithm + "0382010f01" + numbers) == Errc::kBadKey);
  CHECK(error("30820123" + algorithm +
              "0382011000"
              "3082010b" +
              modulus + "020400010001") == Errc::kBadKey);
  CHECK(error("30820120" + algorithm +
              "0382010d00"
              "30820108" +
              modulus + "020181") == Errc::kBadKey);
  CHECK(error(numbers) == Errc::kBadKey);
  CHECK(error("") == Errc::kBadKey);
}

TEST_CASE("RSA: sizes in DER are as short as can be") {
  const auto size_error = [](std::string_view digits) {
    const Bytes bytes = hex(digits);
    Reader reader(bytes);
    read_der(reader, DerTag::kSequence);
    return reader.error();
  };
  CHECK_FALSE(size_error("3000"));
  CHECK_FALSE(size_error("308180" + std::string(256, '0')));
  CHECK_FALSE(size_error("30820100" + std::string(512, '0')));
  CHECK(size_error("308101"
                   "00") == Errc::kMalformed);
  CHECK(size_error("3082007f" + std::string(254, '0')) == Errc::kMalformed);
  CHECK(size_error("308200ff" + std::string(510, '0')) == Errc::kMalformed);
  CHECK(size_error("3083000100" + std::string(512, '0')) == Errc::kMalformed);
  CHECK(size_error("30800000") == Errc::kMalformed);
  CHECK(size_error("3001") == Errc::kTruncated);
  CHECK(size_error("308201") == Errc::kTruncated);
  CHECK(size_error("0200") == Errc::kMalformed);
}

TEST_CASE("RSA: the numbers of a private key belong together") {
  const auto numbers = private_numbers(PrivateKey::generate(KeyType::kRsa, testing::seeded(1)));
  REQUIRE(numbers.size() == 8);
  CHECK_FALSE(private_error(numbers));
  CHECK(private_error(numbers, 1) == Errc::kBadKey);  // more than two primes
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    CAPTURE(i);
    auto changed = numbers;
    changed[i].back() ^= 2;
    CHECK(private_error(changed) == Errc::kBadKey);
    changed = numbers;
    changed[i] = Bytes(1);
    CHECK(private_error(changed) == (i == 0 ? Errc::kBadKeySize : Errc::kBadKey));
    changed = numbers;
    changed[i].insert(changed[i].begin(), 1024, 1);
    CHECK(private_error(changed) == (i == 0 ? Errc::kBadKeySize : Errc::kBadKey));
    changed = numbers;
    changed.erase(changed.begin() + static_cast<std::ptrdiff_t>(i));
    CHECK(private_error(changed) == Errc::kBadKey);
  }
  auto swapped = numbers;
  std::swap(swapped[3], swapped[4]);
  CHECK(private_error(swapped) == Errc::kBadKey);
}

TEST_CASE("RSA: one is no prime") {
  auto numbers = private_numbers(PrivateKey::generate(KeyType::kRsa, testing::seeded(1)));
  numbers[3] = numbers[0];
  numbers[4] = Bytes{1};
  CHECK(private_error(numbers) == Errc::kBadKey);
}
