#include "warren/crypto/sm2_curve.hpp"

#include <openssl/core_names.h>
#include <openssl/obj_mac.h>
#include <openssl/params.h>

#include <algorithm>
#include <bit>

#include "warren/base/assert.hpp"
#include "warren/crypto/secret.hpp"
#include "warren/crypto/sm2.hpp"

namespace warren::sm2 {
namespace {

// a, b, x and y of the base point (GB/T 32918.5 section 2).
constexpr std::string_view kCurveHex =
    "fffffffeffffffffffffffffffffffffffffffff00000000fffffffffffffffc"
    "28e9fa9e9d9f5e344d5a9e4bcf6509a7f39789f515ab8f92ddbcbd414d940e93"
    "32c4ae2c1f1981195f9904466a39c9948fe30bbff2660be1715a4589334c74c7"
    "bc3736a2f4f6779c59bdcee36b692153d0a9877cc62a474002df32e52139f0a0";

// n - 1, where n is the order of the base point.
constexpr std::string_view kOrderMinusOneHex =
    "fffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54122";

const EC_GROUP* curve() {
  static const EC_GROUP* const group = EC_GROUP_new_by_curve_name(NID_sm2);
  WARREN_ASSERT(group != nullptr);
  return group;
}

Point encode(const EC_POINT* point, BN_CTX* context) {
  Point bytes;
  const std::size_t size =
      EC_POINT_point2oct(curve(), point, POINT_CONVERSION_UNCOMPRESSED, bytes.data(), bytes.size(), context);
  WARREN_ASSERT(size == bytes.size());
  return bytes;
}

}  // namespace

Result<Point> decode_point(BytesView sec1) {
  const bool compressed = sec1.size() == 33 && (sec1[0] == 2 || sec1[0] == 3);
  const bool uncompressed = sec1.size() == 65 && sec1[0] == 4;
  if (!compressed && !uncompressed) return fail(Errc::kBadKey);
  const openssl::ErrorScope errors;
  const openssl::BignumContext context(BN_CTX_new());
  const openssl::Point point(EC_POINT_new(curve()));
  // Refuses coordinates over p and points off the curve; the forms above leave no way to write infinity.
  if (EC_POINT_oct2point(curve(), point.get(), sec1.data(), sec1.size(), context.get()) != 1) {
    return fail(Errc::kBadKey);
  }
  return encode(point.get(), context.get());
}

std::array<std::uint8_t, 33> compress(const Point& point) {
  std::array<std::uint8_t, 33> bytes;
  bytes[0] = 2 + (point.back() & 1);
  std::ranges::copy(BytesView(point).subspan(1, 32), bytes.begin() + 1);
  return bytes;
}

bool valid_scalar(BytesView d) {
  static const Bytes order_minus_one = *from_hex(kOrderMinusOneHex);
  if (d.size() != 32) return false;
  const bool zero = std::ranges::all_of(d, [](std::uint8_t byte) { return byte == 0; });
  return !zero && std::ranges::lexicographical_compare(d, order_minus_one);
}

Point multiply_base(BytesView d) {
  const openssl::BignumContext context(BN_CTX_new());
  const openssl::Bignum number(BN_bin2bn(d.data(), static_cast<int>(d.size()), nullptr));
  BN_set_flags(number.get(), BN_FLG_CONSTTIME);
  const openssl::Point point(EC_POINT_new(curve()));
  const int ok = EC_POINT_mul(curve(), point.get(), number.get(), nullptr, nullptr, context.get());
  WARREN_ASSERT(ok == 1);
  return encode(point.get(), context.get());
}

Digest za(const Point& key) {
  static const Bytes prefix = [] {
    // The ID's length in bits, two bytes.
    const auto bits = static_cast<std::uint16_t>(kSm2UserId.size() * 8);
    Bytes bytes = {static_cast<std::uint8_t>(bits >> 8), static_cast<std::uint8_t>(bits)};
    append(bytes, as_bytes(kSm2UserId));
    append(bytes, *from_hex(kCurveHex));
    return bytes;
  }();
  Bytes all = prefix;
  append(all, BytesView(key).subspan(1));
  return sm3(all);
}

openssl::Key import_key(const Point& point, BytesView d) {
  Bytes public_bytes(point.begin(), point.end());
  SecretBytes number(d);  // OpenSSL wants the machine's own byte order here
  if (std::endian::native == std::endian::little) std::ranges::reverse(number.writable());
  char curve_name[] = "SM2";
  OSSL_PARAM params[4];
  OSSL_PARAM* next = params;
  *next++ = OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, curve_name, 0);
  *next++ =
      OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, public_bytes.data(), public_bytes.size());
  if (!d.empty()) {
    *next++ = OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_PRIV_KEY, number.writable().data(), number.size());
  }
  *next = OSSL_PARAM_construct_end();

  const openssl::KeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, "SM2", nullptr));
  EVP_PKEY* key = nullptr;
  const bool imported =
      EVP_PKEY_fromdata_init(context.get()) == 1 &&
      EVP_PKEY_fromdata(context.get(), &key, d.empty() ? EVP_PKEY_PUBLIC_KEY : EVP_PKEY_KEYPAIR, params) == 1;
  WARREN_ASSERT(imported && EVP_PKEY_is_a(key, "SM2") == 1);
  return openssl::Key(key);
}

}  // namespace warren::sm2
