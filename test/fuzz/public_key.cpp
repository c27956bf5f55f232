// Keys in libp2p's messages: a public key has one encoding, which names its PeerID; a private key one, or the
// old one of Ed25519 with the public key twice.

#include "warren/base/assert.hpp"
#include "warren/crypto/peer_id.hpp"

namespace warren {
namespace {

void check_public(BytesView input) {
  const auto key = PublicKey::from_protobuf(input);
  if (!key) return;
  WARREN_ASSERT(equal(key->to_protobuf(), input));
  WARREN_ASSERT((key->sm2() != nullptr) == (key->type() == KeyType::kSm2));
  const PeerId id = PeerId::from_public_key(*key);
  WARREN_ASSERT(id.matches(*key));
  if (const auto inlined = id.public_key()) WARREN_ASSERT(*inlined == *key);
  WARREN_ASSERT(!key->verify(input, input));
}

void check_private(BytesView input) {
  const auto key = PrivateKey::from_protobuf(input);
  if (!key) return;
  const SecretBytes encoded = key->to_protobuf();
  WARREN_ASSERT(encoded.size() <= input.size());
  const auto again = PrivateKey::from_protobuf(encoded.view());
  WARREN_ASSERT(again && again->public_key() == key->public_key());
  WARREN_ASSERT(equal(again->to_protobuf().view(), encoded.view()));
  WARREN_ASSERT(key->public_key().verify(input, key->sign(input)));
}

}  // namespace
}  // namespace warren

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  warren::check_public({data, size});
  warren::check_private({data, size});
  return 0;
}
