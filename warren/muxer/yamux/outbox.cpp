#include "warren/muxer/yamux/outbox.hpp"

#include <algorithm>
#include <utility>

namespace warren::yamux {
namespace {

// Less room than for so many bytes of data is not used: small frames cost as much as large ones.
constexpr std::size_t kRoomMin = 4 * 1024;

}  // namespace

void Outbox::append(const Header& header) {
  append_header(frames_, header);
  announce();
}

bool Outbox::append_caused(const Header& header) {
  append(header);
  caused_ += kHeaderSize;
  return caused_ <= limits_.control_max;
}

bool Outbox::append(StreamState& stream, FrameType type, std::uint16_t flags, std::uint32_t length) {
  flags |= std::exchange(stream.unsent_flags, 0);
  const Header header{type, flags, stream.id, length};
  if (stream.inbound) return append_caused(header);
  append(header);
  return true;
}

// For payload of a data frame; 0 when it is too little to bother.
std::size_t Outbox::room() const {
  const std::size_t used = frames_.size() + kHeaderSize;
  const std::size_t left = used < limits_.outgoing_max ? limits_.outgoing_max - used : 0;
  return left < std::min(kRoomMin, limits_.frame_size_max) ? 0 : left;
}

bool Outbox::my_turn(const StreamState& stream) const {
  return room() > 0 && (writers_.empty() || writers_.front().get() == &stream);
}

std::size_t Outbox::write(const StreamStatePtr& stream, BytesView bytes) {
  std::size_t taken = 0;
  // With others waiting, a turn is one frame: leaving the queue gives the next turn to its new front.
  while (taken < bytes.size() && stream->send_window > 0 && my_turn(*stream)) {
    const std::size_t size =
        std::min({bytes.size() - taken, std::size_t{stream->send_window}, limits_.frame_size_max, room()});
    const std::uint16_t flags = std::exchange(stream->unsent_flags, 0);
    append_header(frames_, {FrameType::kData, flags, stream->id, static_cast<std::uint32_t>(size)});
    warren::append(frames_, bytes.subspan(taken, size));
    stream->send_window -= static_cast<std::uint32_t>(size);
    taken += size;
    stop_waiting(*stream);
  }
  if (taken > 0) announce();
  const bool wants_room = taken < bytes.size() && stream->send_window > 0;
  if (wants_room && !stream->waits_for_room) {
    stream->waits_for_room = true;
    writers_.push_back(stream);
    wake_next();  // there may be room, for the one in front
  }
  return taken;
}

void Outbox::stop_waiting(StreamState& stream) {
  if (!std::exchange(stream.waits_for_room, false)) return;
  std::erase_if(writers_, [&stream](const StreamStatePtr& other) { return other.get() == &stream; });
  wake_next();
}

void Outbox::greet(const StreamStatePtr& stream) {
  greetings_.push_back(stream);
  announce();
}

void Outbox::take(Bytes& batch) {
  for (const StreamStatePtr& stream : greetings_) {
    if (!stream->known || stream->unsent_flags == 0) continue;
    const std::uint16_t flags = std::exchange(stream->unsent_flags, 0);
    append_header(frames_, {FrameType::kWindowUpdate, flags, stream->id, 0});
  }
  greetings_.clear();
  batch.swap(frames_);
  caused_ = 0;
  announced_ = false;
  wake_next();
}

void Outbox::clear() {
  frames_.clear();
  greetings_.clear();
  caused_ = 0;
  for (const StreamStatePtr& stream : writers_) {
    stream->waits_for_room = false;
    stream->writable.notify_all();
  }
  writers_.clear();
}

void Outbox::trim() {
  if (frames_.empty()) Bytes().swap(frames_);
  if (greetings_.empty()) greetings_.shrink_to_fit();
}

void Outbox::wake_next() {
  if (!writers_.empty() && room() > 0) writers_.front()->writable.notify_all();
}

void Outbox::announce() {
  if (!std::exchange(announced_, true)) wake();
}

}  // namespace warren::yamux
