#include "warren/protocols/kad/probes.hpp"

#include <algorithm>

#include "warren/async/as_result.hpp"
#include "warren/protocols/kad/limits.hpp"

namespace warren::kad {

namespace {

// Says nothing of the peer's health: our own limits, or a peer that is busy.
bool is_neutral(std::error_code error) {
  return error == Errc::kLimitReached || error == Errc::kCanceled || error == Errc::kRateLimited ||
         error == Errc::kReset;
}

// In probe intervals.
constexpr int kBusyMax = 4;

// It is alive and no use: it does not serve us (any more), or answers nonsense.
bool is_for_good(std::error_code error) {
  return error == Errc::kProtocolNotSupported || error == Errc::kMalformed || error == Errc::kTooLarge ||
         error == Errc::kBadRecord || error == Errc::kPeerIdMismatch;
}

}  // namespace

Probes::Probes(Host& host, const Config& config, Members& members, Rpc& rpc)
    : host_(host),
      config_(config),
      members_(members),
      rpc_(rpc),
      tasks_(host.env().executor, "kad.probes"),
      alarm_(host.env().clock, tasks_, changed_) {}

void Probes::start() {
  disconnected_ = host_.events().disconnected.subscribe(
      [this](const ConnectionPtr& connection) { disconnected(connection); });
  tasks_.spawn(run());
}

Task<void> Probes::close() {
  disconnected_.reset();
  co_await tasks_.close();
}

void Probes::failed(const PeerId& peer, std::error_code error) {
  const RoutingTable::Entry* const entry = members_.table().find(peer);
  if (entry == nullptr) return;
  // Who is busy all the time is as good as dead.
  const Duration silent = host_.env().clock.now() - entry->heard;
  if (is_neutral(error) && (error != Errc::kReset || silent < kBusyMax * config_.probe_interval)) return;
  // A connection that ended under the question is no goodbye.
  const std::error_code why = error == Errc::kClosed ? make_error_code(Errc::kUnreachable) : error;
  members_.failed(peer, why, is_for_good(error));
}

// In good order: the other side has closed it to make room. Otherwise its process may be dead.
void Probes::disconnected(const ConnectionPtr& connection) {
  const PeerId peer = connection->remote_peer();
  rpc_.idle().drop(peer);
  if (!host_.connections(peer).empty()) return;
  members_.disconnected(peer);
  if (connection->end_reason() == Errc::kClosed) return;
  if (!members_.contains(peer)) return members_.remove(peer, connection->end_reason());
  if (suspects_.size() >= kSuspectsMax) return;
  suspects_.push_back(peer);
  changed_.notify_all();
}

Duration Probes::interval() const {
  const std::size_t size = members_.table().size();
  if (size <= kProbedOftenMax) return config_.probe_interval;
  return std::max<Duration>(config_.probe_interval, size * kProbeShare);
}

Task<void> Probes::run() {
  Clock& clock = host_.env().clock;
  while (true) {
    std::vector<PeerId> due = std::exchange(suspects_, {});
    for (const PeerId& peer : due) spawn(peer);
    if (due.empty() && under_way_.size() < kProbesMax) {
      due = members_.due_probes(interval(), 1);
      for (const PeerId& peer : due) spawn(peer);
    }
    if (due.empty()) {
      // Suspects are due after a quarter of the interval.
      alarm_.set(clock.now() + std::max<Duration>(kProbePause, config_.probe_interval / 4));
      co_await changed_.wait();
    } else {
      co_await clock.sleep_for(kProbePause);
    }
  }
}

void Probes::spawn(const PeerId& peer) {
  if (under_way_.size() < kProbesMax && under_way_.insert(peer).second) tasks_.spawn(probe_and_note(peer));
}

Task<void> Probes::probe_and_note(PeerId peer) {
  co_await probe(peer);
  under_way_.erase(peer);
}

Task<bool> Probes::probe(PeerId peer) {
  Message question{.type = MessageType::kFindNode, .key = to_bytes(host_.peer_id().bytes())};
  PeerInfo info{peer, {}};  // what the peerstore knows of it
  const auto answer = co_await as_result(rpc_.ask(std::move(info), std::move(question)));
  co_return answer.has_value() || is_neutral(answer.error());
}

}  // namespace warren::kad
