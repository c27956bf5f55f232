#include "warren/crypto/sm2.hpp"

#include <openssl/core_names.h>

#include <algorithm>

#include "warren/base/assert.hpp"
#include "warren/crypto/sm2_curve.hpp"

namespace warren {
namespace {

// SubjectPublicKeyInfo of an SM2 key up to the point: id-ecPublicKey, curve 1.2.156.10197.1.301, BIT STRING
// of 65 bytes.
constexpr std::array<std::uint8_t, 26> kSpkiPrefix = {0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48,
                                                      0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x81, 0x1c,
                                                      0xcf, 0x55, 0x01, 0x82, 0x2d, 0x03, 0x42, 0x00};

// e = SM3(ZA || M). We hash, with the user ID we chose, and give OpenSSL e: it would hash ZA again each time.
Digest message_digest(const Digest& za, BytesView message) {
  Bytes all(za.begin(), za.end());
  append(all, message);
  return sm3(all);
}

}  // namespace

Result<Sm2PublicKey> Sm2PublicKey::from_point(BytesView sec1) {
  const auto point = sm2::decode_point(sec1);
  if (!point) return fail(point.error());
  Sm2PublicKey key;
  key.compressed_ = sm2::compress(*point);
  key.uncompressed_ = *point;
  key.za_ = sm2::za(*point);
  key.key_ = {sm2::import_key(*point, {}).release(), EVP_PKEY_free};
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
  const Bytes der = sm2_signature_to_der(raw);
  const Digest digest = message_digest(za_, message);
  const openssl::ErrorScope errors;
  // A context for each call: the key is shared by threads, a context may not be.
  const openssl::KeyContext context(EVP_PKEY_CTX_new_from_pkey(nullptr, key_.get(), nullptr));
  return EVP_PKEY_verify_init(context.get()) == 1 &&
         EVP_PKEY_verify(context.get(), der.data(), der.size(), digest.data(), digest.size()) == 1;
}

bool Sm2PublicKey::verify(std::string_view domain, BytesView message, BytesView signature) const {
  return verify(with_domain(domain, message), signature);
}

Sm2PrivateKey Sm2PrivateKey::generate(const RandomFill& random) {
  SecretBytes d(32);
  // One draw in 2^32 is over n; a source that never gives a good number is broken.
  for (int attempt = 0; attempt < 64; ++attempt) {
    random(d.writable());
    if (auto key = from_scalar(d.view())) return std::move(*key);
  }
  WARREN_ASSERT(false && "the source of randomness");
  std::unreachable();
}

Result<Sm2PrivateKey> Sm2PrivateKey::from_scalar(BytesView d) {
  if (!sm2::valid_scalar(d)) return fail(Errc::kBadKey);
  const sm2::Point point = sm2::multiply_base(d);
  Sm2PrivateKey key;
  key.public_key_ = *Sm2PublicKey::from_uncompressed(point);
  key.key_.reset(sm2::import_key(point, d).release());
  return key;
}

void Sm2PrivateKey::FreeKey::operator()(evp_pkey_st* key) const {
  EVP_PKEY_free(key);
}

SecretBytes Sm2PrivateKey::scalar() const {
  BIGNUM* number = nullptr;
  const int ok = EVP_PKEY_get_bn_param(key_.get(), OSSL_PKEY_PARAM_PRIV_KEY, &number);
  WARREN_ASSERT(ok == 1);
  const openssl::Bignum owned(number);
  SecretBytes d(32);
  const int size = BN_bn2binpad(number, d.writable().data(), 32);
  WARREN_ASSERT(size == 32);
  return d;
}

Sm2Signature Sm2PrivateKey::sign(BytesView message) const {
  const Digest digest = message_digest(public_key_.za(), message);
  const openssl::KeyContext context(EVP_PKEY_CTX_new_from_pkey(nullptr, key_.get(), nullptr));
  std::array<std::uint8_t, 128> der;
  std::size_t size = der.size();
  const bool signed_ok = EVP_PKEY_sign_init(context.get()) == 1 &&
                         EVP_PKEY_sign(context.get(), der.data(), &size, digest.data(), digest.size()) == 1;
  WARREN_ASSERT(signed_ok);
  const auto signature = sm2_signature_from_der(BytesView(der).first(size));
  WARREN_ASSERT(signature.has_value());
  return *signature;
}

Sm2Signature Sm2PrivateKey::sign(std::string_view domain, BytesView message) const {
  return sign(with_domain(domain, message));
}

}  // namespace warren
