#include "warren/crypto/key_sm2.hpp"

namespace warren {

Result<Sm2PeerPublicKey> Sm2PeerPublicKey::from_data(BytesView data) {
  auto key = Sm2PublicKey::from_spki(data);
  if (!key) return fail(key.error());
  return Sm2PeerPublicKey(std::move(*key));
}

bool Sm2PeerPublicKey::verify(BytesView message, BytesView signature) const {
  const auto raw = ec_signature_from_der(signature);
  return raw && key_.verify(message, *raw);
}

Sm2PeerPrivateKey Sm2PeerPrivateKey::generate(const RandomFill& random) {
  return Sm2PeerPrivateKey(Sm2PrivateKey::generate(random));
}

Result<Sm2PeerPrivateKey> Sm2PeerPrivateKey::from_data(BytesView data) {
  auto key = Sm2PrivateKey::from_scalar(data);
  if (!key) return fail(key.error());
  return Sm2PeerPrivateKey(std::move(*key));
}

Result<Sm2PeerPrivateKey> Sm2PeerPrivateKey::from_openssl(const evp_pkey_st* openssl_key) {
  auto key = Sm2PrivateKey::from_openssl(openssl_key);
  if (!key) return fail(key.error());
  return Sm2PeerPrivateKey(std::move(*key));
}

Bytes Sm2PeerPrivateKey::sign(BytesView message) const {
  return ec_signature_to_der(key_.sign(message));
}

}  // namespace warren
