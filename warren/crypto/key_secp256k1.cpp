#include "warren/crypto/key_secp256k1.hpp"

namespace warren {
Result<Secp256k1PublicKey> Secp256k1PublicKey::from_data(BytesView data) {
  if (data.size() != kEcCompressedSize) return fail(Errc::kBadKey);
  auto key = EcdsaPublicKey::from_point(EcCurve::kSecp256k1, data);
  if (!key) return fail(key.error());
  return Secp256k1PublicKey(std::move(*key));
}

Bytes Secp256k1PublicKey::data() const {
  return to_bytes(key_.compressed());
}

Secp256k1PrivateKey Secp256k1PrivateKey::generate(const RandomFill& random) {
  return Secp256k1PrivateKey(EcdsaPrivateKey::generate(EcCurve::kSecp256k1, random));
}

Result<Secp256k1PrivateKey> Secp256k1PrivateKey::from_data(BytesView data) {
  auto key = EcdsaPrivateKey::from_scalar(EcCurve::kSecp256k1, data);
  if (!key) return fail(key.error());
  return Secp256k1PrivateKey(std::move(*key));
}

Result<Secp256k1PrivateKey> Secp256k1PrivateKey::from_openssl(const evp_pkey_st* openssl_key) {
  auto key = EcdsaPrivateKey::from_openssl(EcCurve::kSecp256k1, openssl_key);
  if (!key) return fail(key.error());
  return Secp256k1PrivateKey(std::move(*key));
}

}  // namespace warren
