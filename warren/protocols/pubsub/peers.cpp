#include "warren/protocols/pubsub/peers.hpp"

#include <algorithm>

#include "warren/async/as_result.hpp"
#include "warren/core/spoken_protocol.hpp"

namespace warren::pubsub {

namespace {

// After streams that failed: so long at first, then twice as long each time.
constexpr Duration kRetryPauseMin = 5s;
constexpr Duration kRetryPauseMax = 5min;
// Who changes what it speaks is looked at as soon as identify tells; this is for those whom nobody told us
// of.
constexpr Duration kLookInterval = 30s;

}  // namespace

Peers::Peers(Host& host, const GossipConfig& config, Limit* queue_bytes, TaskGroup& tasks,
             Callbacks callbacks)
    : shared_{.host = host,
              .config = config,
              .queue_bytes = queue_bytes,
              .tasks = tasks,
              .up = std::move(callbacks.up),
              .down = std::move(callbacks.down)} {}

void Peers::start() {
  HostEvents& events = shared_.host.events();
  const auto look = [this](const ConnectionPtr& connection) { review(connection->remote_peer()); };
  subscriptions_.push_back(events.connected.subscribe(look));
  subscriptions_.push_back(events.disconnected.subscribe(look));
  subscriptions_.push_back(
      events.path_changed.subscribe([this](const PathChange& change) { review(change.peer); }));
  for (const ConnectionPtr& connection : shared_.host.connections()) review(connection->remote_peer());
}

void Peers::consider(const PeerId& peer, std::optional<Version> inbound) {
  if (const auto found = writers_.find(peer); found != writers_.end()) {
    if (inbound) found->second->note_inbound(*inbound);
    found->second->review();
    return;
  }
  if (shared_.host.connections(peer).empty()) {
    failed_.erase(peer);
    return;
  }
  const auto failed = failed_.find(peer);
  if (failed != failed_.end() && failed->second.again > shared_.host.env().clock.now()) return;
  const auto writer = std::make_shared<PeerWriter>(shared_, peer);
  if (inbound) writer->note_inbound(*inbound);
  writers_.emplace(peer, writer);
  shared_.tasks.spawn(keep(peer, writer));
}

Task<void> Peers::keep(PeerId peer, WriterPtr writer) {
  const Clock& clock = shared_.host.env().clock;
  const Instant began = clock.now();
  const auto ended = co_await as_result(writer->run(writer));
  writers_.erase(peer);
  if (shared_.host.connections(peer).empty()) {
    failed_.erase(peer);
    co_return;
  }
  if (ended.error() == Errc::kProtocolNotSupported) co_return;
  Failed& failed = failed_.try_emplace(peer, Failed{{}, kRetryPauseMin / 2}).first->second;
  const bool was_good = clock.now() - began > kRetryPauseMax;
  failed.pause = was_good ? kRetryPauseMin : std::min<Duration>(2 * failed.pause, kRetryPauseMax);
  failed.again = clock.now() + failed.pause;
}

void Peers::tick(Instant now) {
  std::vector<PeerId> due;
  for (const auto& [peer, failed] : failed_) {
    if (failed.again <= now && !writers_.contains(peer)) due.push_back(peer);
  }
  for (const PeerId& peer : due) review(peer);
  for (const auto& [_, writer] : writers_) writer->tick(now);
  if (now - looked_ < kLookInterval) return;
  looked_ = now;
  look_for_unserved();
}

void Peers::look_for_unserved() {
  for (const ConnectionPtr& connection : shared_.host.connections()) {
    const PeerId& peer = connection->remote_peer();
    if (writers_.contains(peer)) continue;
    for (const Version version : {Version::kV13, Version::kV12, Version::kV11, Version::kV10}) {
      if (!speaks(shared_.host.peerstore(), peer, protocol_of(version)).value_or(false)) continue;
      review(peer);
      break;
    }
  }
}

bool Peers::is_up(const PeerId& peer) const {
  const auto found = writers_.find(peer);
  return found != writers_.end() && found->second->is_up();
}

void Peers::send(Send&& send) {
  const auto found = writers_.find(send.to);
  if (found != writers_.end()) {
    found->second->push(std::move(send));
  } else if (send.tally) {
    send.tally->count(&SendTally::dropped);
  }
}

void Peers::withdraw(const Withdraw& withdraw) {
  const auto found = writers_.find(withdraw.to);
  if (found != writers_.end()) found->second->withdraw(withdraw.messages);
}

std::vector<QueueView> Peers::queues() const {
  std::vector<QueueView> views;
  views.reserve(writers_.size());
  for (const auto& [peer, writer] : writers_) {
    views.push_back({.peer = peer, .bytes = writer->queue().bytes(), .dropped = writer->queue().dropped()});
  }
  return views;
}

}  // namespace warren::pubsub
