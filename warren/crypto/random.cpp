#include "warren/crypto/random.hpp"

#include "warren/crypto/sodium.hpp"

namespace warren {

// libsodium reads getrandom(2), and aborts by itself when the system has no randomness.
RandomFill system_random() {
  init_sodium();
  return [](MutableBytes bytes) { randombytes_buf(bytes.data(), bytes.size()); };
}

}  // namespace warren
