#include "warren/transport/memory/hub.hpp"

namespace warren::memory {

std::uint64_t Hub::free_number() {
  do ++last_;
  while (listeners_.contains(last_));
  return last_;
}

Result<std::uint64_t> Hub::add(std::uint64_t number, MemoryListener& listener) {
  if (number == 0) number = free_number();
  if (!listeners_.emplace(number, &listener).second) return fail(Errc::kAddressInUse);
  return number;
}

MemoryListener* Hub::find(std::uint64_t number) const {
  const auto found = listeners_.find(number);
  return found == listeners_.end() ? nullptr : found->second;
}

}  // namespace warren::memory
