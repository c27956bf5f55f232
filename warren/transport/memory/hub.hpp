// Where the listeners of /memory addresses are found: the "network" that nodes of one process share by
// reference.
#pragma once

#include <cstdint>
#include <map>

#include "warren/base/error.hpp"

namespace warren::memory {

class MemoryListener;

// Outlives the transports and listeners that use it; all of them run in one loop.
class Hub {
 public:
  // A number that nobody has had before and that is not listened on. Never 0.
  std::uint64_t free_number();

  // 0 asks for a free number; the result is the number taken. kAddressInUse.
  Result<std::uint64_t> add(std::uint64_t number, MemoryListener& listener);
  void remove(std::uint64_t number) { listeners_.erase(number); }

  // Null when nobody listens there.
  MemoryListener* find(std::uint64_t number) const;

 private:
  std::map<std::uint64_t, MemoryListener*> listeners_;
  std::uint64_t last_ = 0;
};

}  // namespace warren::memory
