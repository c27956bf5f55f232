// SM2 signatures: DER has one form of each pair of numbers, and no input is a signature of a key we made
// ourselves.

#include <algorithm>

#include "warren/base/assert.hpp"
#include "warren/crypto/sm2.hpp"

namespace warren {
namespace {

const Sm2PublicKey& fixed_key() {
  static const Sm2PrivateKey key = value_or_throw(Sm2PrivateKey::from_scalar(Bytes(32, 7)));
  return key.public_key();
}

}  // namespace
}  // namespace warren

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace warren;
  const BytesView input(data, size);
  if (const auto signature = ec_signature_from_der(input)) {
    WARREN_ASSERT(equal(ec_signature_to_der(*signature), input));
    WARREN_ASSERT(!fixed_key().verify(as_bytes("never signed"), *signature));
  }
  if (size == kSm2SignatureSize) {
    Sm2Signature raw;
    std::ranges::copy(input, raw.begin());
    WARREN_ASSERT(ec_signature_from_der(ec_signature_to_der(raw)) == raw);
  }
  WARREN_ASSERT(!fixed_key().verify(as_bytes("never signed"), input));
  return 0;
}
