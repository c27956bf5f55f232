#include "warren/protocols/kad/idle_streams.hpp"

#include <algorithm>

namespace warren::kad {

StreamPtr IdleStreams::take(const Connection& connection, Instant now) {
  const auto found = idle_.find(connection.remote_peer());
  if (found == idle_.end()) return nullptr;
  Idle idle = std::move(found->second);
  idle_.erase(found);
  if (idle.connection.lock().get() != &connection || idle.until <= now) return nullptr;
  return std::move(idle.stream);
}

void IdleStreams::keep(const ConnectionPtr& connection, StreamPtr stream, Instant now) {
  sweep(now);
  if (idle_.size() >= kIdleStreamsMax) {
    idle_.erase(std::ranges::min_element(idle_, {}, [](const auto& entry) { return entry.second.until; }));
  }
  idle_.insert_or_assign(connection->remote_peer(),
                         Idle{connection, std::move(stream), now + kIdleStreamLife});
}

void IdleStreams::sweep(Instant now) {
  std::erase_if(idle_, [now](const auto& entry) { return entry.second.until <= now; });
}

}  // namespace warren::kad
