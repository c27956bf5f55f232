#include "warren/protocols/pubsub/router/idontwant.hpp"

namespace warren::pubsub {

bool KnownMessages::add(Fingerprint message, std::uint64_t heartbeat, std::size_t max) {
  if (contains(message, heartbeat)) return true;
  Window& window = windows_[heartbeat % kKnownHeartbeats];
  if (window.heartbeat != heartbeat) {
    window.messages.clear();
    window.heartbeat = heartbeat;
  }
  if (window.messages.size() >= max) return false;
  window.messages.insert(message);
  return true;
}

bool KnownMessages::contains(Fingerprint message, std::uint64_t heartbeat) const {
  for (const Window& window : windows_) {
    if (window.messages.size() == 0 || heartbeat - window.heartbeat >= kKnownHeartbeats) continue;
    if (window.messages.contains(message)) return true;
  }
  return false;
}

std::size_t KnownMessages::size() const {
  std::size_t size = 0;
  for (const Window& window : windows_) size += window.messages.size();
  return size;
}

}  // namespace warren::pubsub
