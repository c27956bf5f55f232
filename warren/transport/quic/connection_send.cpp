// Connection: what is sent, in which order, and in which batches.
#include "warren/transport/quic/connection.hpp"

namespace warren::quic {

std::optional<Batch> Connection::take_packet(const Packet& packet, MutableBytes buffer) const {
  std::ranges::copy(packet.bytes, buffer.begin());
  return Batch{.path = packet.path,
               .ecn = packet.ecn,
               .segment_size = packet.bytes.size(),
               .bytes = buffer.first(packet.bytes.size())};
}

std::optional<Batch> Connection::take(MutableBytes buffer, Instant now) {
  WARREN_ASSERT(buffer.size() >= limits_.datagram_max);
  if (std::exchange(close_due_, false)) return take_packet(close_packet_, buffer);
  if (ended_) return std::nullopt;
  if (const auto held = std::exchange(held_, std::nullopt)) return take_packet(*held, buffer);

  Batch batch;
  std::size_t used = 0;
  const std::size_t size_max = std::min(buffer.size(), limits_.batch_max);
  for (std::size_t count = 0; count < limits_.batch_datagrams_max; ++count) {
    if (size_max - used < limits_.datagram_max) break;
    const MutableBytes place = buffer.subspan(used, limits_.datagram_max);
    const Engine::Written written = write_packet(place, now);
    if (written.status == Engine::Written::Status::kFailed) {
      end_failed(now);
      if (used == 0) return take(buffer, now);
      break;
    }
    if (written.size == 0) break;
    if (count == 0) {
      batch.path = written.path;
      batch.ecn = written.ecn;
      batch.segment_size = written.size;
    } else if (written.size > batch.segment_size || written.ecn != batch.ecn || written.path != batch.path) {
      // A probe of the path's MTU, or of another path.
      held_ = Packet{
          .path = written.path, .ecn = written.ecn, .bytes = to_bytes(BytesView(place.first(written.size)))};
      break;
    }
    used += written.size;
    if (written.size < batch.segment_size) break;
  }
  if (used == 0) return std::nullopt;
  if (!ended_) engine_.end_batch(used, now);
  batch.bytes = buffer.first(used);
  return batch;
}

// One datagram, with bytes of as many streams as fit.
Engine::Written Connection::write_packet(MutableBytes buffer, Instant now) {
  using enum Engine::Written::Status;
  while (true) {
    StreamState* stream = next_sender();
    std::array<BytesView, SendBuffer::kPiecesMax> room;
    Engine::Offer offer;
    if (stream != nullptr) {
      offer.stream = stream->id;
      offer.pieces = stream->outgoing.unsent(room);
      std::size_t offered = 0;
      for (const BytesView piece : offer.pieces) offered += piece.size();
      offer.fin = stream->fin_queued && offered == stream->outgoing.unsent_size();
    }
    const Engine::Written written = engine_.write(buffer, offer, now);
    if (stream != nullptr) account(*stream, written);
    const bool again = written.status == kMore ||
                       (stream != nullptr && (written.status == kBlocked || written.status == kStopped));
    if (!again) return written;
  }
}

// Whose turn it is; null when nobody can send.
StreamState* Connection::next_sender() {
  if (senders_.empty()) return nullptr;
  if (engine_.connection_window_left() > 0) return senders_.front();
  const auto ends = [](const StreamState* stream) { return stream->outgoing.unsent_size() == 0; };
  const auto found = std::ranges::find_if(senders_, ends);  // a FIN costs no window
  if (found == senders_.end()) return nullptr;
  StreamState* stream = *found;
  senders_.erase(found);
  senders_.push_front(stream);
  return stream;
}

// The stream in front of the queue was written.
void Connection::account(StreamState& stream, const Engine::Written& written) {
  using enum Engine::Written::Status;
  stream.outgoing.mark_sent(written.accepted);
  if (written.fin_accepted) stream.fin_sent = true;
  if (written.status == kStopped) peer_stopped(stream);
  stream.blocked = written.status == kBlocked;
  const bool done = stream.outgoing.unsent_size() == 0 && stream.fin_queued == stream.fin_sent;
  if (done || stream.blocked || stream.write_error) {
    senders_.pop_front();
    stream.queued = false;
  } else if (written.status == kPacket) {
    senders_.pop_front();
    senders_.push_back(&stream);
  }
  if (written.accepted > 0) tell_of_room(stream);
}

void Connection::enqueue(StreamState& stream) {
  if (stream.queued || stream.blocked || stream.write_error || !stream.known) return;
  stream.queued = true;
  senders_.push_back(&stream);
  wake_();
}

// The peer does not read any more: it has been answered with a reset.
void Connection::peer_stopped(StreamState& stream) {
  if (!stream.write_error) stream.write_error = Errc::kReset;
  stream.outgoing.drop_unsent();
  stream.writable.notify_all();
}

std::size_t Connection::room(const StreamState& stream) const {
  const std::size_t unsent = stream.outgoing.unsent_size();
  const std::size_t held = stream.outgoing.size();
  const std::size_t first = limits_.unsent_max - std::min(limits_.unsent_max, unsent);
  const std::size_t all = limits_.unacknowledged_max - std::min(limits_.unacknowledged_max, held);
  return std::min(first, all);
}

// Not for every packet: a writer that waits is woken for half a buffer.
void Connection::tell_of_room(StreamState& stream) const {
  if (room(stream) >= limits_.unsent_max / 2) stream.writable.notify_all();
}

std::size_t Connection::write(StreamState& stream, BytesView bytes) {
  const std::size_t size = std::min(bytes.size(), room(stream));
  if (size == 0) return 0;
  stream.outgoing.append(bytes.first(size));
  enqueue(stream);
  return size;
}

void Connection::close_write(StreamState& stream) {
  if (stream.fin_queued || stream.write_error) return;
  stream.fin_queued = true;
  enqueue(stream);
}

void Connection::on_stream_acknowledged(StreamState& stream, std::uint64_t offset) {
  stream.outgoing.acknowledge(offset);
  tell_of_room(stream);
}

void Connection::on_stream_window(StreamState& stream) {
  stream.blocked = false;
  if (stream.outgoing.unsent_size() > 0 || stream.fin_queued != stream.fin_sent) enqueue(stream);
}

}  // namespace warren::quic
