// The operating system's generator.
#pragma once

#include "warren/env/random.hpp"

namespace warren::real {

class SystemRandom final : public Random {
 public:
  void fill(MutableBytes bytes) override;
};

}  // namespace warren::real
