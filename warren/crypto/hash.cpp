#include "warren/crypto/hash.hpp"

#include <openssl/evp.h>

#include "warren/base/assert.hpp"

namespace warren {
namespace {

Digest digest(const EVP_MD* function, BytesView bytes) {
  Digest result;
  unsigned size = 0;
  const int ok = EVP_Digest(bytes.data(), bytes.size(), result.data(), &size, function, nullptr);
  WARREN_ASSERT(ok == 1 && size == result.size());
  return result;
}

}  // namespace

// The algorithms are looked up once: OpenSSL 3 takes longer to find one than to hash a short message.
Digest sha256(BytesView bytes) {
  static const EVP_MD* const function = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  return digest(function, bytes);
}

Digest sm3(BytesView bytes) {
  static const EVP_MD* const function = EVP_MD_fetch(nullptr, "SM3", nullptr);
  return digest(function, bytes);
}

}  // namespace warren
