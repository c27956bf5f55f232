#include "warren/crypto/sm2.hpp"

#include <algorithm>

#include "warren/base/writer.hpp"
#include "warren/crypto/ec_curve.hpp"

namespace warren {
namespace {

// a, b, x and y of the base point (GB/T 32918.5 section 2).
constexpr std::string_view kCurveHex =
    "fffffffeffffffffffffffffffffffffffffffff00000000fffffffffffffffc"
    "28e9fa9e9d9f5e344d5a9e4bcf6509a7f39789f515ab8f92ddbcbd414d940e93"
    "32c4ae2c1f1981195f9904466a39c9948fe30bbff2660be1715a4589334c74c7"
    "bc3736a2f4f6779c59bdcee36b692153d0a9877cc62a474002df32e52139f0a0";

// SubjectPublicKeyInfo of an SM2 key up to the point: id-ecPublicKey, curve 1.2.156.10197.1.301, BIT STRING
// of 65 bytes.
constexpr std::array<std::uint8_t, 26> kSpkiPrefix = {0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48,
                                                      0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x81, 0x1c,
                                                      0xcf, 0x55, 0x01, 0x82, 0x2d, 0x03, 0x42, 0x00};

// The hash of user ID, curve and key that stands before every message (GB/T 32918.2 section 5.5).
Digest hash_of_key(const EcPoint& key) {
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

// e = SM3(ZA || M). We hash, with the user ID we chose, and give OpenSSL e: it would hash ZA again each time.
Digest message_digest(const Digest& za, BytesView message) {
  Bytes all(za.begin(), za.end());
  append(all, message);
  return sm3(all);
}

}  // namespace

Result<Sm2PublicKey> Sm2PublicKey::from_point(BytesView sec1) {
  const auto point = ec::decode_point(EcCurve::kSm2, sec1);
  if (!point) return fail(point.error());
  Sm2PublicKey key;
  key.compressed_ = ec::compress(*point);
  key.uncompressed_ = *point;
  key.za_ = hash_of_key(*point);
  key.key_ = {ec::import_key(EcCurve::kSm2, *point, {}).release(), EVP_PKEY_free};
  return key;
}

Result<Sm2PublicKey> Sm2PublicKey::from_compressed(BytesView bytes) {
  if (bytes.size() != kSm2KeySize) return fail(Errc::kBadKey);
  return from_point(bytes);
}

Result<Sm2PublicKey> Sm2PublicKey::from_uncompressed(BytesView bytes) {
  if (bytes.size() != kSm2UncompressedSize) return fail(Errc::kBadKey);
  return from_point(bytes);
}

Result<Sm2PublicKey> Sm2PublicKey::from_spki(BytesView der) {
  if (der.size() < kSpkiPrefix.size() || !equal(der.first(kSpkiPrefix.size()), kSpkiPrefix)) {
    return fail(Errc::kBadKey);
  }
  return from_uncompressed(der.subspan(kSpkiPrefix.size()));
}

Bytes Sm2PublicKey::to_spki() const {
  Bytes der(kSpkiPrefix.begin(), kSpkiPrefix.end());
  append(der, uncompressed_);
  return der;
}

bool Sm2PublicKey::verify(BytesView message, BytesView signature) const {
  if (signature.size() != kSm2SignatureSize) return false;
  Sm2Signature raw;
  std::ranges::copy(signature, raw.begin());
  return ec::verify(key_.get(), message_digest(za_, message), raw);
}

bool Sm2PublicKey::verify(std::string_view domain, BytesView message, BytesView signature) const {
  return verify(with_domain(domain, message), signature);
}

Sm2PrivateKey Sm2PrivateKey::generate(const RandomFill& random) {
  return std::move(*from_scalar(ec::random_scalar(EcCurve::kSm2, random).view()));
}

Result<Sm2PrivateKey> Sm2PrivateKey::from_scalar(BytesView d) {
  if (!ec::valid_scalar(EcCurve::kSm2, d)) return fail(Errc::kBadKey);
  const EcPoint point = ec::multiply_base(EcCurve::kSm2, d);
  Sm2PrivateKey key;
  key.public_key_ = *Sm2PublicKey::from_uncompressed(point);
  key.key_ = {ec::import_key(EcCurve::kSm2, point, d).release(), EVP_PKEY_free};
  return key;
}

Result<Sm2PrivateKey> Sm2PrivateKey::from_openssl(const evp_pkey_st* key) {
  if (!ec::is_on(EcCurve::kSm2, key)) return fail(Errc::kUnknownKeyType);
  const auto d = ec::scalar_of(EcCurve::kSm2, key);
  if (!d) return fail(d.error());
  return from_scalar(d->view());
}

SecretBytes Sm2PrivateKey::scalar() const {
  return value_or_throw(ec::scalar_of(EcCurve::kSm2, key_.get()));
}

Sm2Signature Sm2PrivateKey::sign(BytesView message) const {
  return ec::sign(key_.get(), message_digest(public_key_.za(), message));
}

Sm2Signature Sm2PrivateKey::sign(std::string_view domain, BytesView message) const {
  return sign(with_domain(domain, message));
}

Bytes with_domain(std::string_view domain, BytesView message) {
  return Writer().delimited(as_bytes(domain)).bytes(message).take();
}

}  // namespace warren
