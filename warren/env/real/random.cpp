#include "warren/env/real/random.hpp"

#include <sys/random.h>

#include <algorithm>

#include "warren/base/assert.hpp"

namespace warren::real {

void SystemRandom::fill(MutableBytes bytes) {
  while (!bytes.empty()) {
    // Up to 256 bytes are never interrupted and never short, once the generator is seeded (getrandom(2)).
    const std::size_t size = std::min<std::size_t>(bytes.size(), 256);
    WARREN_ASSERT(getrandom(bytes.data(), size, 0) == static_cast<ssize_t>(size));
    bytes = bytes.subspan(size);
  }
}

}  // namespace warren::real
