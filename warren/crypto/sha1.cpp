#include "warren/crypto/sha1.hpp"

#include <openssl/evp.h>

#include "warren/base/assert.hpp"

namespace warren {

std::array<std::uint8_t, 20> sha1(BytesView bytes) {
  std::array<std::uint8_t, 20> result;
  unsigned size = 0;
  const int ok = EVP_Digest(bytes.data(), bytes.size(), result.data(), &size, EVP_sha1(), nullptr);
  WARREN_ASSERT(ok == 1 && size == result.size());
  return result;
}

}  // namespace warren
