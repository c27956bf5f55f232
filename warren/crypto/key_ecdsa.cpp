#include "warren/crypto/key_ecdsa.hpp"

#include "warren/crypto/der.hpp"

namespace warren {
namespace {

constexpr std::size_t kScalarSize = 32;

// All sizes are fixed, so the DER is constant but for the key.
//   SubjectPublicKeyInfo {{id-ecPublicKey, prime256v1}, BIT STRING point}
constexpr std::string_view kSpkiHex = "3059301306072a8648ce3d020106082a8648ce3d030107034200";
//   ECPrivateKey {1, OCTET STRING d, [0] prime256v1, [1] BIT STRING point}
constexpr std::string_view kPrivateHex = "30770201010420";
constexpr std::string_view kPrivatePointHex = "a00a06082a8648ce3d030107a144034200";
// id-ecPublicKey (1.2.840.10045.2.1) and prime256v1 (1.2.840.10045.3.1.7).
constexpr std::string_view kEcPublicKeyHex = "2a8648ce3d0201";
constexpr std::string_view kPrime256v1Hex = "2a8648ce3d030107";

bool names_another_curve(BytesView spki) {
  Reader outer(spki);
  Reader parts(read_der(outer, DerTag::kSequence));
  Reader algorithm(read_der(parts, DerTag::kSequence));
  const BytesView id = read_der(algorithm, DerTag::kObjectId);
  const BytesView curve = read_der(algorithm, DerTag::kObjectId);
  return algorithm.finish() && equal(id, *from_hex(kEcPublicKeyHex)) &&
         !equal(curve, *from_hex(kPrime256v1Hex));
}

}  // namespace

Result<P256PublicKey> P256PublicKey::from_data(BytesView data) {
  const Bytes prefix = *from_hex(kSpkiHex);
  if (data.size() != prefix.size() + kEcPointSize || !equal(data.first(prefix.size()), prefix)) {
    return fail(names_another_curve(data) ? Errc::kUnknownKeyType : Errc::kBadKey);
  }
  auto key = EcdsaPublicKey::from_point(EcCurve::kP256, data.subspan(prefix.size()));
  if (!key) return fail(key.error());
  return P256PublicKey(std::move(*key));
}

Bytes P256PublicKey::data() const {
  Bytes der = *from_hex(kSpkiHex);
  append(der, key_.point());
  return der;
}

P256PrivateKey P256PrivateKey::generate(const RandomFill& random) {
  return P256PrivateKey(EcdsaPrivateKey::generate(EcCurve::kP256, random));
}

Result<P256PrivateKey> P256PrivateKey::from_data(BytesView data) {
  const std::size_t prefix = kPrivateHex.size() / 2;
  if (data.size() < prefix + kScalarSize) return fail(Errc::kBadKey);
  auto scalar = EcdsaPrivateKey::from_scalar(EcCurve::kP256, data.subspan(prefix, kScalarSize));
  if (!scalar) return fail(scalar.error());
  P256PrivateKey key(std::move(*scalar));
  // Covers all that surrounds the number, the public key too.
  if (!equal_secret(key.data().view(), data)) return fail(Errc::kBadKey);
  return key;
}

Result<P256PrivateKey> P256PrivateKey::from_openssl(const evp_pkey_st* openssl_key) {
  auto key = EcdsaPrivateKey::from_openssl(EcCurve::kP256, openssl_key);
  if (!key) return fail(key.error());
  return P256PrivateKey(std::move(*key));
}

SecretBytes P256PrivateKey::data() const {
  const SecretBytes d = key_.scalar();
  Bytes der = *from_hex(kPrivateHex);
  der.reserve(128);  // no second copy of the secret is left behind by growth
  append(der, d.view());
  append(der, *from_hex(kPrivatePointHex));
  append(der, key_.public_key().point());
  SecretBytes result{BytesView(der)};
  wipe(der);
  return result;
}

}  // namespace warren
