#include "warren/protocols/pubsub/peer_reader.hpp"

#include <algorithm>
#include <array>

#include "warren/async/as_result.hpp"
#include "warren/async/turns.hpp"
#include "warren/base/log.hpp"

namespace warren::pubsub {

namespace {

constexpr std::array kVersions = {Version::kFloodsub, Version::kV10, Version::kV11, Version::kV12,
                                  Version::kV13};

// A peer that opens another stream has left the one before, on which the last of what it said may still be
// on its way. A third one takes the place of the first.
constexpr std::size_t kStreamsPerPeerMax = 2;
// RPCs that are here in part, of all peers together, beyond 64 KiB each.
constexpr std::size_t kLargeRpcBytesMax = 64 * 1024 * 1024;
// For all of an RPC, once it has begun: 1 MiB on a slow line.
constexpr Duration kRpcTimeMax = 60s;
// For our own stream to this peer.
constexpr Duration kUpTimeMax = 30s;

// What has come already is read without a pause: a peer with a large window does not hold up the others.
constexpr std::uint64_t kFillsInARow = 4;

// Not for what the peer said.
bool is_over(std::error_code error) {
  return error == Errc::kReset || error == Errc::kClosed || error == Errc::kEndOfStream ||
         error == Errc::kTimedOut || error == Errc::kLimitReached;
}

}  // namespace

class PeerReaders::Place {
 public:
  Place(PeerReaders& readers, const PeerId& peer, ByteStream& stream) : readers_(readers) {
    place_ = readers_.served_.insert(readers_.served_.end(), Served{peer, &stream, {}});
  }
  ~Place() {
    readers_.served_.erase(place_);
    readers_.ended_.notify_all();
  }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;

  Served& served() { return *place_; }

 private:
  PeerReaders& readers_;
  std::list<Served>::iterator place_;
};

PeerReaders::PeerReaders(Host& host, const GossipConfig& config, Callbacks callbacks)
    : host_(host), config_(config), callbacks_(std::move(callbacks)), budget_(kLargeRpcBytesMax) {}

void PeerReaders::start() {
  serving_ = true;
  for (const Version version : kVersions) {
    host_.handle(ProtocolId(protocol_of(version)),
                 [this, version](ConnectionPtr connection, StreamPtr stream) {
                   return serve(version, std::move(connection), std::move(stream));
                 });
  }
}

void PeerReaders::stop() {
  if (!std::exchange(serving_, false)) return;
  for (const Version version : kVersions) host_.unhandle(ProtocolId(protocol_of(version)));
  for (const Served& served : served_) served.stream->reset();
  changed_.notify_all();
}

Task<void> PeerReaders::close() {
  while (!served_.empty()) co_await ended_.wait();
}

void PeerReaders::reset(const PeerId& peer) {
  for (const Served& served : served_) {
    if (served.peer == peer) served.stream->reset();
  }
}

void PeerReaders::tick(Instant now) {
  for (const Served& served : served_) {
    if (served.since && now - *served.since >= kRpcTimeMax) served.stream->reset();
  }
  changed_.notify_all();
}

void PeerReaders::drop_oldest(const PeerId& peer) {
  const auto of_peer = static_cast<std::size_t>(std::ranges::count(served_, peer, &Served::peer));
  if (of_peer < kStreamsPerPeerMax) return;
  std::ranges::find(served_, peer, &Served::peer)->stream->reset();
}

Task<void> PeerReaders::serve(Version version, ConnectionPtr connection, StreamPtr stream) {
  if (!serving_) throw_error(Errc::kClosed);
  const PeerId peer = connection->remote_peer();
  drop_oldest(peer);
  Place place(*this, peer, *stream);
  callbacks_.opened(peer, version);
  const auto ended = co_await as_result(read(peer, *stream, place.served()));
  if (ended) co_return;
  if (serving_ && !is_over(ended.error())) {
    if (log::enabled(log::Level::kDebug))
      log::debug("pubsub", peer.short_text() + " speaks nonsense: " + ended.error().message());
    callbacks_.blame(peer);
  }
  throw_error(ended.error());
}

Task<void> PeerReaders::read(PeerId peer, ByteStream& stream, Served& served) {
  RpcReader reader(stream, config_.params.rpc.size_max, budget_);
  std::uint64_t fills = 0;
  while (serving_) {
    while (const auto rpc = reader.take()) {
      served.since.reset();
      if (!callbacks_.is_up(peer) || !callbacks_.has_room(peer)) {
        callbacks_.received();
        co_await wait_until_wanted(peer);
      }
      const auto received = callbacks_.receive(peer, *rpc);
      if (!received) {
        callbacks_.received();
        throw_error(received.error(), "RPC");
      }
    }
    callbacks_.received();
    if (reader.in_rpc() && !served.since) served.since = host_.env().clock.now();
    const bool filled = co_await reader.fill();
    if (!filled) break;
    if (++fills % kFillsInARow == 0) co_await let_others_run(1);
  }
  co_await stream.close_write();
}

Task<void> PeerReaders::wait_until_wanted(PeerId peer) {
  const Clock& clock = host_.env().clock;
  const Instant began = clock.now();
  while (serving_ && !callbacks_.is_up(peer)) {
    if (clock.now() - began >= kUpTimeMax) throw_error(Errc::kTimedOut, "no stream to the peer");
    co_await changed_.wait();
  }
  while (serving_ && !callbacks_.has_room(peer)) co_await changed_.wait();
  if (!serving_) throw_error(Errc::kClosed);
}

}  // namespace warren::pubsub
