#include "warren/protocols/presence/presence.hpp"

#include <algorithm>
#include <array>
#include <set>

#include "warren/async/as_result.hpp"
#include "warren/base/log.hpp"
#include "warren/core/spoken_protocol.hpp"
#include "warren/env/clock.hpp"
#include "warren/protocols/presence/message.hpp"

namespace warren::presence {

void Presence::start() {
  host_.handle(ProtocolId(kProtocol), [this](ConnectionPtr connection, StreamPtr stream) {
    return take(std::move(connection), std::move(stream));
  });
}

Task<void> Presence::close() {
  host_.unhandle(ProtocolId(kProtocol));
  co_await telling_.close();
}

bool Presence::speaks(const PeerId& peer) const {
  return warren::speaks(host_.peerstore(), peer, kProtocol).value_or(false);
}

Task<void> Presence::say_goodbye() {
  const auto told = co_await as_result(with_timeout(host_.env().clock, kGoodbyeTimeout, tell_all()));
  telling_.cancel();
  if (!told) log::debug("presence", "not everybody heard the goodbye: " + told.error().message());
}

Task<void> Presence::tell_all() {
  const Bytes message = Message{Kind::kGoodbye, host_.env().clock.wall_now()}.encode();
  std::set<PeerId> told;
  for (const ConnectionPtr& connection : host_.connections()) {
    const PeerId& peer = connection->remote_peer();
    if (told.size() >= kPeersToldMax) break;
    if (!connection->is_open() || !speaks(peer) || !told.insert(peer).second) continue;
    telling_.spawn(tell(connection, message));
  }
  co_await telling_.join();
}

Task<void> Presence::tell(ConnectionPtr connection, Bytes message) {
  StreamPtr stream = co_await connection->open_stream(ProtocolId(kProtocol));
  co_await write_delimited(*stream, message);
  co_await stream->close_write();
  // The other side ends its half when it has read the message: until then it may be on its way.
  std::array<std::uint8_t, 1> rest;
  co_await stream->read_some(rest);
}

bool Presence::may_say(const PeerId& peer) {
  const Instant now = host_.env().clock.now();
  auto found = budgets_.find(peer);
  if (found == budgets_.end()) {
    if (budgets_.size() >= kPeersCountedMax) {
      std::erase_if(budgets_, [now](const auto& entry) { return entry.second.is_full(now); });
      if (budgets_.size() >= kPeersCountedMax) return false;
    }
    found = budgets_.emplace(peer, TokenBucket(kGoodbyesPerSecond, kGoodbyesBurst, now)).first;
  }
  return found->second.take(now);
}

Task<void> Presence::take(ConnectionPtr connection, StreamPtr stream) {
  const PeerId peer = connection->remote_peer();
  if (!may_say(peer)) throw_error(Errc::kRateLimited, "presence");
  const Bytes bytes =
      co_await with_timeout(host_.env().clock, kReadTimeout, read_delimited(*stream, kMessageSizeMax));
  std::ignore = value_or_throw(Message::decode(bytes), "presence");
  left_.emit(peer);
  co_await stream->close_write();
}

}  // namespace warren::presence
