// SM2 public keys: compressed, uncompressed and as SubjectPublicKeyInfo. Each accepted form is the only one
// of its kind, and leads to the others.

#include "warren/base/assert.hpp"
#include "warren/crypto/sm2.hpp"

namespace warren {
namespace {

void check(const Sm2PublicKey& key) {
  WARREN_ASSERT(Sm2PublicKey::from_compressed(key.compressed()) == key);
  WARREN_ASSERT(Sm2PublicKey::from_uncompressed(key.uncompressed()) == key);
  WARREN_ASSERT(Sm2PublicKey::from_spki(key.to_spki()) == key);
}

}  // namespace
}  // namespace warren

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace warren;
  const BytesView input(data, size);
  if (const auto key = Sm2PublicKey::from_compressed(input)) {
    WARREN_ASSERT(equal(key->compressed(), input));
    check(*key);
  }
  if (const auto key = Sm2PublicKey::from_uncompressed(input)) {
    WARREN_ASSERT(equal(key->uncompressed(), input));
    check(*key);
  }
  if (const auto key = Sm2PublicKey::from_spki(input)) {
    WARREN_ASSERT(equal(key->to_spki(), input));
    check(*key);
  }
  return 0;
}
