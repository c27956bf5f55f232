// For the .cpp files of this folder: libsodium picks its fastest code, and opens its randomness, when it is
// initialised.
#pragma once

#include <sodium.h>

#include "warren/base/assert.hpp"
#include "warren/base/bytes.hpp"

namespace warren {

// Before any use of libsodium where speed or randomness matters; cheap, and safe on several threads.
inline void init_sodium() {
  static const int result = sodium_init();
  WARREN_ASSERT(result >= 0);
}

// libsodium wants an address even for no bytes, and an empty view may have none.
inline const std::uint8_t* sodium_data(BytesView bytes) {
  static constexpr std::uint8_t kNothing = 0;
  return bytes.empty() ? &kNothing : bytes.data();
}

}  // namespace warren
