#include "warren/protocols/pubsub/peer_writer.hpp"

#include <algorithm>
#include <array>

#include "warren/async/as_result.hpp"
#include "warren/core/ip_address.hpp"
#include "warren/core/spoken_protocol.hpp"

namespace warren::pubsub {

namespace {

constexpr std::array kNewestFirst = {Version::kV13, Version::kV12, Version::kV11, Version::kV10,
                                     Version::kFloodsub};

// Identify takes two round trips. Who has not told by then is asked for one version after the other.
constexpr Duration kTellPauseMin = 20ms;
constexpr Duration kTellPatience = 3s;

// A stream that lived so long was a good one; of others so many are opened in a row, with pauses.
constexpr Duration kSteadyAfter = 30s;
constexpr int kReopensMax = 4;
constexpr Duration kReopenPause = 500ms;

// For what is on its way on a stream that we leave.
constexpr Duration kPartingTime = 5s;
// Peers have nothing to say on this stream.
constexpr std::size_t kUnaskedMax = 64 * 1024;

PeerFacts facts_of(const Connection& connection, Version version) {
  PeerFacts facts{.version = version, .outbound = connection.direction() == Direction::kOutbound, .from = {}};
  const Multiaddr address = connection.remote_address();
  if (!is_circuit(address)) facts.from = ip_address_of(address);
  return facts;
}

// Ends a stream behind what was written on it. The writer may be gone before it is over.
Task<void> part(Clock* clock, std::shared_ptr<ByteStream> stream) {
  co_await as_result(with_timeout(*clock, kPartingTime, stream->close_write()));
  co_await clock->sleep_for(kPartingTime);
  stream->reset();
}

}  // namespace

PeerWriter::PeerWriter(const WriterShared& shared, const PeerId& peer)
    : shared_(shared), peer_(peer), queue_(shared.config.queue_bytes_max, shared.queue_bytes) {}

// --- which connection, which version ---

ConnectionPtr PeerWriter::best() const {
  const auto open = shared_.host.connections(peer_);
  return open.empty() ? nullptr : open.front();
}

bool PeerWriter::is_better(const Connection& other) const {
  if (connection_ == nullptr || connection_.get() == &other) return false;
  const bool relayed = is_circuit(connection_->remote_address());
  return !connection_->is_open() || connection_->health().is_suspect ||
         (relayed && !is_circuit(other.remote_address()));
}

std::optional<std::vector<Version>> PeerWriter::told() const {
  const auto description = shared_.host.peerstore().description(peer_);
  if (!description || description->protocols.empty()) return std::nullopt;
  for (const Version version : kNewestFirst) {
    if (std::ranges::find(description->protocols, protocol_of(version)) != description->protocols.end())
      return std::vector{version};
  }
  return std::vector<Version>();
}

Task<std::vector<Version>> PeerWriter::versions() {
  Clock& clock = shared_.host.env().clock;
  const Instant deadline = clock.now() + kTellPatience;
  for (Duration pause = kTellPauseMin;; pause *= 2) {
    auto known = told();
    if (inbound_ && (!known || known->empty())) known = std::vector{*inbound_};
    if (known) co_return std::move(*known);
    if (clock.now() >= deadline || best() == nullptr) break;
    co_await race(changed_.wait(), clock.sleep_for(std::min<Duration>(pause, 1s)));
  }
  co_return std::vector<Version>(kNewestFirst.begin(), kNewestFirst.end());
}

void PeerWriter::review() {
  const ConnectionPtr other = best();
  if (other != nullptr && stream_ != nullptr && is_better(*other)) moving_ = true;
  idle_ = false;
  changed_.notify_all();
}

void PeerWriter::note_inbound(Version version) {
  greet_ = inbound_.has_value();
  inbound_ = version;
  idle_ = false;
  changed_.notify_all();
}

// --- the stream's life ---

Task<void> PeerWriter::run(std::shared_ptr<PeerWriter> self) {
  std::error_code error = Errc::kProtocolNotSupported;
  const std::vector<Version> candidates = co_await versions();
  for (const Version version : candidates) {
    const auto ended = co_await as_result(stay(self, version));
    if (std::exchange(up_, false)) shared_.down(peer_);
    queue_.clear();
    error = ended.error();
    if (error != Errc::kProtocolNotSupported) break;
  }
  throw_error(error);
}

Task<void> PeerWriter::stay(std::shared_ptr<PeerWriter> self, Version version) {
  Clock& clock = shared_.host.env().clock;
  int failures = 0;
  while (true) {
    const ConnectionPtr connection = best();
    if (connection == nullptr) throw_error(Errc::kClosed);
    const Instant began = clock.now();
    const auto ended = co_await as_result(speak(self, connection, version));
    if (const SharedStream left = std::exchange(stream_, nullptr)) {
      if (ended) {
        shared_.tasks.spawn(part(&clock, left));
      } else {
        left->reset();
      }
    }
    connection_ = nullptr;
    if (ended) continue;
    const std::error_code error = error_ ? error_ : ended.error();
    if (error == Errc::kProtocolNotSupported) throw_error(error);
    if (clock.now() - began >= kSteadyAfter) failures = 0;
    if (++failures > kReopensMax) throw_error(error);
    // At once, the first time; a connection that ends may still look open.
    co_await clock.sleep_for(failures == 1 ? Duration::zero() : kReopenPause * (1 << failures));
  }
}

Task<void> PeerWriter::speak(std::shared_ptr<PeerWriter> self, ConnectionPtr connection, Version version) {
  error_ = {};
  moving_ = false;
  writing_since_.reset();
  connection_ = connection;
  version_ = version;
  const SharedStream stream = co_await connection->open_stream(ProtocolId(protocol_of(version)));
  stream_ = stream;
  shared_.tasks.spawn(watch(self, stream));
  up_ = true;
  say_hello();
  co_await write_queue(stream);
}

Task<void> PeerWriter::write_queue(SharedStream stream) {
  Bytes joined;
  while (!moving_) {
    if (error_) throw_error(error_);
    if (queue_.empty()) {
      idle_ = true;
      co_await changed_.wait();
      idle_ = false;
      continue;
    }
    SendQueue::Batch batch = queue_.take(shared_.config.batch_bytes);
    if (batch.frames().size() == 1) {
      co_await write(*stream, *batch.frames().front());
    } else {
      joined.clear();
      joined.reserve(batch.bytes());
      for (const Frame& frame : batch.frames()) append(joined, *frame);
      co_await write(*stream, joined);
      if (queue_.empty()) joined = Bytes();
    }
    batch.written();
  }
}

// In pieces: who takes a large frame slowly makes progress, too.
Task<void> PeerWriter::write(ByteStream& stream, BytesView bytes) {
  while (!bytes.empty()) {
    const std::size_t size = std::min(bytes.size(), shared_.config.batch_bytes);
    writing_since_ = shared_.host.env().clock.now();
    co_await stream.write(bytes.first(size));
    bytes = bytes.subspan(size);
  }
  writing_since_.reset();
}

// The only way to learn that the peer does not speak the protocol, or has ended the stream while nothing is
// written. That it has ended its half means nothing.
Task<void> PeerWriter::watch(std::shared_ptr<PeerWriter> self, SharedStream stream) {
  std::array<std::uint8_t, 256> unasked;
  std::size_t size = 0;
  while (size <= kUnaskedMax) {
    const auto read = co_await as_result(stream->read_some(unasked));
    if (read && *read == 0) co_return;
    if (!read) {
      if (stream == self->stream_) self->give_up(read.error());
      co_return;
    }
    size += *read;
  }
  if (stream == self->stream_) self->give_up(Errc::kTooLarge);
}

void PeerWriter::give_up(std::error_code reason) {
  if (!error_) error_ = reason;
  if (stream_ != nullptr) stream_->reset();
  idle_ = false;
  changed_.notify_all();
}

// --- what is written ---

void PeerWriter::push(Send&& send) {
  if (!queue_.push(std::move(send))) {
    give_up(Errc::kLimitReached);
  } else if (std::exchange(idle_, false)) {
    changed_.notify_all();
  }
}

void PeerWriter::say_hello() {
  greet_ = false;
  shared_.up(peer_, facts_of(*connection_, version_));
}

void PeerWriter::tick(Instant now) {
  if (writing_since_ && now - *writing_since_ >= shared_.config.write_timeout) give_up(Errc::kTimedOut);
  if (greet_ && stream_ != nullptr) say_hello();
}

}  // namespace warren::pubsub
