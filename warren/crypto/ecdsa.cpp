#include "warren/crypto/ecdsa.hpp"

#include <algorithm>

#include "warren/base/assert.hpp"
#include "warren/crypto/ec_curve.hpp"

namespace warren {
namespace {

// The order of secp256k1, and its half.
constexpr std::string_view kOrderHex = "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141";
constexpr std::string_view kHalfOrderHex = "7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0";

// s becomes n - s when that is smaller. Both are public.
void make_low(std::span<std::uint8_t> s) {
  if (!std::ranges::lexicographical_compare(*from_hex(kHalfOrderHex), s)) return;
  const Bytes order = *from_hex(kOrderHex);
  int borrow = 0;
  for (std::size_t i = s.size(); i-- > 0;) {
    const int difference = order[i] - s[i] - borrow;
    borrow = difference < 0 ? 1 : 0;
    s[i] = static_cast<std::uint8_t>(difference);
  }
}

}  // namespace

Result<EcdsaPublicKey> EcdsaPublicKey::from_point(EcCurve curve, BytesView sec1) {
  const auto point = ec::decode_point(curve, sec1);
  if (!point) return fail(point.error());
  return EcdsaPublicKey(*point, {ec::import_key(curve, *point, {}).release(), EVP_PKEY_free});
}

std::array<std::uint8_t, kEcCompressedSize> EcdsaPublicKey::compressed() const {
  return ec::compress(point_);
}

bool EcdsaPublicKey::verify(BytesView message, BytesView signature) const {
  const auto numbers = ec_signature_from_der(signature);
  return numbers && ec::verify(key_.get(), sha256(message), *numbers);
}

EcdsaPrivateKey EcdsaPrivateKey::generate(EcCurve curve, const RandomFill& random) {
  return std::move(*from_scalar(curve, ec::random_scalar(curve, random).view()));
}

Result<EcdsaPrivateKey> EcdsaPrivateKey::from_scalar(EcCurve curve, BytesView d) {
  if (!ec::valid_scalar(curve, d)) return fail(Errc::kBadKey);
  const EcPoint point = ec::multiply_base(curve, d);
  std::shared_ptr<EVP_PKEY> key(ec::import_key(curve, point, d).release(), EVP_PKEY_free);
  return EcdsaPrivateKey(curve, *EcdsaPublicKey::from_point(curve, point), std::move(key));
}

Result<EcdsaPrivateKey> EcdsaPrivateKey::from_openssl(EcCurve curve, const evp_pkey_st* key) {
  if (!ec::is_on(curve, key)) return fail(Errc::kUnknownKeyType);
  const auto d = ec::scalar_of(curve, key);
  if (!d) return fail(d.error());
  return from_scalar(curve, d->view());
}

SecretBytes EcdsaPrivateKey::scalar() const {
  return value_or_throw(ec::scalar_of(curve_, key_.get()));
}

Bytes EcdsaPrivateKey::sign(BytesView message) const {
  EcSignature signature = ec::sign(key_.get(), sha256(message));
  if (curve_ == EcCurve::kSecp256k1) make_low(std::span(signature).last(32));
  return ec_signature_to_der(signature);
}

}  // namespace warren
