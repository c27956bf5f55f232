#include "warren/crypto/secret.hpp"

#include <sodium.h>

namespace warren {

void wipe(MutableBytes bytes) {
  sodium_memzero(bytes.data(), bytes.size());
}

bool equal_secret(BytesView a, BytesView b) {
  return a.size() == b.size() && sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace warren
