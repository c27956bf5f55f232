#include "warren/crypto/secret.hpp"

#include "warren/crypto/sodium.hpp"

namespace warren {

void wipe(MutableBytes bytes) {
  sodium_memzero(bytes.data(), bytes.size());
}

bool equal_secret(BytesView a, BytesView b) {
  return a.size() == b.size() && sodium_memcmp(sodium_data(a), sodium_data(b), a.size()) == 0;
}

}  // namespace warren
