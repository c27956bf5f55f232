// A certificate of libp2p's TLS, in DER; or, behind a first byte of 1, its extension alone. Only certificates
// of the corpus are good, because nobody else has their keys: whatever else is accepted proves one of them.

#include <algorithm>

#include "warren/base/assert.hpp"
#include "warren/crypto/peer_id.hpp"
#include "warren/security/tls/certificate.hpp"
#include "warren/security/tls/signed_key.hpp"

namespace warren {
namespace {

constexpr std::string_view kKnownPeers[] = {
    "12D3KooWM6CgA9iBFZmcYAHA6A2qvbAxqfkmrYiRQuz3XEsk4Ksv",   // the specification's Ed25519,
    "QmfXbAwNjJLXfesgztEHe8HwgVDCMMpZ9Eax1HYq6hn9uE",         // ECDSA
    "16Uiu2HAkutTMoTzDw1tCvSRtu6YoixJwS46S1ZFxW8hSx9fWHiPs",  // and secp256k1
};

void verify(BytesView der) {
  const WallTime now(std::chrono::sys_days(std::chrono::year(2026) / 1 / 1));
  const auto key = tls::verify_certificates(std::array{der}, now);
  if (!key) return;
  const std::string peer = PeerId::from_public_key(*key).to_string();
  WARREN_ASSERT(std::ranges::find(kKnownPeers, peer) != std::end(kKnownPeers));
}

void decode(BytesView der) {
  const auto key = tls::SignedKey::decode(der);
  if (!key) return;
  const Bytes again = key->encode();
  WARREN_ASSERT(equal(again, der));
}

}  // namespace
}  // namespace warren

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 0 && data[0] == 1) {
    warren::decode(warren::BytesView(data + 1, size - 1));
  } else {
    warren::verify(warren::BytesView(data, size));
  }
  return 0;
}
