#include "warren/crypto/ec_curve.hpp"

#include <openssl/core_names.h>
#include <openssl/obj_mac.h>
#include <openssl/params.h>

#include <algorithm>
#include <bit>

#include "warren/base/assert.hpp"

namespace warren::ec {
namespace {

constexpr std::size_t kScalarSize = 32;

struct Description {
  int nid;
  const char* key_type;
  const char* group_name;
  std::string_view scalar_end_hex;  // private numbers are below this
};

const Description& description(EcCurve curve) {
  static constexpr Description kSm2{NID_sm2, "SM2", "SM2",
                                    "fffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54122"};
  static constexpr Description kP256{NID_X9_62_prime256v1, "EC", "prime256v1",
                                     "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"};
  static constexpr Description kSecp256k1{NID_secp256k1, "EC", "secp256k1",
                                          "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141"};
  switch (curve) {
    case EcCurve::kSm2: return kSm2;
    case EcCurve::kP256: return kP256;
    case EcCurve::kSecp256k1: return kSecp256k1;
  }
  std::unreachable();
}

const EC_GROUP* group_of(EcCurve curve) {
  static const EC_GROUP* const sm2 = EC_GROUP_new_by_curve_name(NID_sm2);
  static const EC_GROUP* const p256 = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
  static const EC_GROUP* const secp256k1 = EC_GROUP_new_by_curve_name(NID_secp256k1);
  const EC_GROUP* const group = curve == EcCurve::kSm2 ? sm2 : (curve == EcCurve::kP256 ? p256 : secp256k1);
  WARREN_ASSERT(group != nullptr);
  return group;
}

EcPoint encode(const EC_GROUP* group, const EC_POINT* point, BN_CTX* context) {
  EcPoint bytes;
  const std::size_t size =
      EC_POINT_point2oct(group, point, POINT_CONVERSION_UNCOMPRESSED, bytes.data(), bytes.size(), context);
  WARREN_ASSERT(size == bytes.size());
  return bytes;
}

}  // namespace

Result<EcPoint> decode_point(EcCurve curve, BytesView sec1) {
  const bool compressed = sec1.size() == kEcCompressedSize && (sec1[0] == 2 || sec1[0] == 3);
  const bool uncompressed = sec1.size() == kEcPointSize && sec1[0] == 4;
  if (!compressed && !uncompressed) return fail(Errc::kBadKey);
  const openssl::ErrorScope errors;
  const EC_GROUP* const group = group_of(curve);
  const openssl::BignumContext context(BN_CTX_new());
  const openssl::Point point(EC_POINT_new(group));
  // Refuses coordinates over p and points off the curve; the forms above leave no way to write infinity.
  if (EC_POINT_oct2point(group, point.get(), sec1.data(), sec1.size(), context.get()) != 1) {
    return fail(Errc::kBadKey);
  }
  return encode(group, point.get(), context.get());
}

std::array<std::uint8_t, kEcCompressedSize> compress(const EcPoint& point) {
  std::array<std::uint8_t, kEcCompressedSize> bytes;
  bytes[0] = 2 + (point.back() & 1);
  std::ranges::copy(BytesView(point).subspan(1, 32), bytes.begin() + 1);
  return bytes;
}

bool valid_scalar(EcCurve curve, BytesView d) {
  if (d.size() != kScalarSize) return false;
  const bool zero = std::ranges::all_of(d, [](std::uint8_t byte) { return byte == 0; });
  return !zero && std::ranges::lexicographical_compare(d, *from_hex(description(curve).scalar_end_hex));
}

SecretBytes random_scalar(EcCurve curve, const RandomFill& random) {
  SecretBytes d(kScalarSize);
  // One draw in 2^32 is too large; a source that never gives a good number is broken.
  for (int attempt = 0; attempt < 64; ++attempt) {
    random(d.writable());
    if (valid_scalar(curve, d.view())) return d;
  }
  WARREN_ASSERT(false && "the source of randomness");
  std::unreachable();
}

EcPoint multiply_base(EcCurve curve, BytesView d) {
  const EC_GROUP* const group = group_of(curve);
  const openssl::BignumContext context(BN_CTX_new());
  const openssl::Bignum number(BN_bin2bn(d.data(), static_cast<int>(d.size()), nullptr));
  BN_set_flags(number.get(), BN_FLG_CONSTTIME);
  const openssl::Point point(EC_POINT_new(group));
  const int ok = EC_POINT_mul(group, point.get(), number.get(), nullptr, nullptr, context.get());
  WARREN_ASSERT(ok == 1);
  return encode(group, point.get(), context.get());
}

openssl::Key import_key(EcCurve curve, const EcPoint& point, BytesView d) {
  const Description& about = description(curve);
  std::string group_name = about.group_name;
  Bytes public_bytes(point.begin(), point.end());
  SecretBytes number(d);  // OpenSSL wants the machine's own byte order here
  if (std::endian::native == std::endian::little) std::ranges::reverse(number.writable());
  OSSL_PARAM params[4];
  OSSL_PARAM* next = params;
  *next++ = OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group_name.data(), 0);
  *next++ =
      OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, public_bytes.data(), public_bytes.size());
  if (!d.empty()) {
    *next++ = OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_PRIV_KEY, number.writable().data(), number.size());
  }
  *next = OSSL_PARAM_construct_end();

  const openssl::KeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, about.key_type, nullptr));
  EVP_PKEY* key = nullptr;
  const bool imported =
      EVP_PKEY_fromdata_init(context.get()) == 1 &&
      EVP_PKEY_fromdata(context.get(), &key, d.empty() ? EVP_PKEY_PUBLIC_KEY : EVP_PKEY_KEYPAIR, params) == 1;
  WARREN_ASSERT(imported && EVP_PKEY_is_a(key, about.key_type) == 1);
  return openssl::Key(key);
}

bool is_on(EcCurve curve, const EVP_PKEY* key) {
  const Description& about = description(curve);
  std::array<char, 32> name;
  std::size_t size = 0;
  return EVP_PKEY_is_a(key, about.key_type) == 1 &&
         EVP_PKEY_get_group_name(key, name.data(), name.size(), &size) == 1 &&
         std::string_view(name.data(), size) == about.group_name;
}

Result<EcPoint> point_of(EcCurve curve, const EVP_PKEY* key) {
  EcPoint point;
  std::size_t size = 0;
  const int ok =
      EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size(), &size);
  if (ok != 1) return fail(Errc::kBadKey);
  return decode_point(curve, BytesView(point).first(size));
}

Result<SecretBytes> scalar_of(EcCurve curve, const EVP_PKEY* key) {
  BIGNUM* number = nullptr;
  if (EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_PRIV_KEY, &number) != 1) return fail(Errc::kBadKey);
  const openssl::Bignum owned(number);
  SecretBytes d(kScalarSize);
  const int size = BN_bn2binpad(number, d.writable().data(), static_cast<int>(d.size()));
  if (size < 0 || !valid_scalar(curve, d.view())) return fail(Errc::kBadKey);
  const auto stored = point_of(curve, key);
  if (!stored || *stored != multiply_base(curve, d.view())) return fail(Errc::kBadKey);
  return d;
}

bool verify(EVP_PKEY* key, const Digest& digest, const EcSignature& signature) {
  const Bytes der = ec_signature_to_der(signature);
  const openssl::ErrorScope errors;
  // A context for each call: the key is shared by threads, a context may not be.
  const openssl::KeyContext context(EVP_PKEY_CTX_new_from_pkey(nullptr, key, nullptr));
  return EVP_PKEY_verify_init(context.get()) == 1 &&
         EVP_PKEY_verify(context.get(), der.data(), der.size(), digest.data(), digest.size()) == 1;
}

EcSignature sign(EVP_PKEY* key, const Digest& digest) {
  const openssl::KeyContext context(EVP_PKEY_CTX_new_from_pkey(nullptr, key, nullptr));
  std::array<std::uint8_t, 128> der;
  std::size_t size = der.size();
  const bool signed_ok = EVP_PKEY_sign_init(context.get()) == 1 &&
                         EVP_PKEY_sign(context.get(), der.data(), &size, digest.data(), digest.size()) == 1;
  WARREN_ASSERT(signed_ok);
  const auto signature = ec_signature_from_der(BytesView(der).first(size));
  WARREN_ASSERT(signature.has_value());
  return *signature;
}

}  // namespace warren::ec
