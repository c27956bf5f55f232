// A yamux session between a peer that sends anything and an owner that does anything. The input is a list of
// steps: one byte that says what, then what the step needs. Whatever comes, what is kept stays bounded, what
// is sent is frames that we may send, and the end leaves nothing behind.

#include <algorithm>
#include <map>
#include <vector>

#include "warren/base/assert.hpp"
#include "warren/base/reader.hpp"
#include "warren/muxer/yamux/session.hpp"

namespace warren::yamux {
namespace {

// Small, so that short inputs reach them.
Limits limits() {
  return {.window_max = 1024 * 1024,
          .window_growth_max = 1024 * 1024,
          .unread_max = 1300 * 1024,
          .outgoing_max = 8 * 1024,
          .control_max = 600,
          .inbound_streams_max = 8,
          .accept_backlog_max = 4,
          .unacknowledged_max = 4,
          .frame_size_max = 4 * 1024};
}

class Test {
 public:
  explicit Test(Side side) : side_(side), session_(side, limits(), now_) {}

  void step(Reader& reader) {
    switch (reader.u8() % 13) {
      case 0:
        return session_.receive(reader.bytes(std::min<std::size_t>(reader.u8(), reader.remaining())), now_);
      case 1: return send_frame(reader);
      case 2: return own(session_.open(now_).value_or(nullptr));
      case 3: return own(session_.accept());
      case 4: return read(pick(reader), reader.u16());
      case 5: return write(pick(reader), reader.u16() * std::size_t{16});
      case 6: return close_write(pick(reader));
      case 7: return reset(pick(reader));
      case 8: return release(pick(reader));
      case 9: return wait_to_read(pick(reader), reader.u16());
      case 10: return take_output();
      case 11: return let_time_pass(reader.u16());
      default: return end(reader.u8());
    }
  }

  void check() {
    WARREN_ASSERT(session_.unread() <= limits().unread_max);
    WARREN_ASSERT(session_.stream_count() <= limits().inbound_streams_max + owned_.size());
    WARREN_ASSERT(session_.window_budget_left() <= limits().window_growth_max);
    std::size_t unread = 0;
    for (const StreamStatePtr& stream : owned_) {
      unread += stream->received.size();
      WARREN_ASSERT(stream->received.memory() <= 2 * stream->received.size() + 128 * 1024);
      WARREN_ASSERT(!session_.ended() || !stream->known);
      WARREN_ASSERT(stream->known || stream->write_error || (stream->fin_sent && stream->fin_received));
    }
    WARREN_ASSERT(unread <= session_.unread());
    WARREN_ASSERT(!session_.ended() || session_.stream_count() == 0);
  }

  void finish() {
    while (!owned_.empty()) release(owned_.front());
    session_.go_away();
    WARREN_ASSERT(session_.unread() == 0);
    take_output();
    WARREN_ASSERT(!session_.has_output());
    // The caller may still hold what has been released; here nobody does, and all windows are given back.
    WARREN_ASSERT(session_.window_budget_left() == limits().window_growth_max);
  }

 private:
  void own(StreamStatePtr stream) {
    if (stream) owned_.push_back(std::move(stream));
  }

  StreamStatePtr pick(Reader& reader) {
    const std::uint8_t index = reader.u8();
    return owned_.empty() ? nullptr : owned_[index % owned_.size()];
  }

  // A frame that is well formed, with a payload of zeros, cut off when the size is announced larger.
  void send_frame(Reader& reader) {
    const auto type = static_cast<FrameType>(reader.u8() % 4);
    const std::uint16_t flags = reader.u8() % 16;
    const StreamId id = reader.u8() % 32;
    const std::uint32_t length = reader.u8() % 2 ? reader.u32() : reader.u16() * 8u;
    Bytes bytes;
    append_header(bytes, {type, flags, id, length});
    if (type == FrameType::kData) bytes.resize(kHeaderSize + std::min<std::size_t>(length, 300'000));
    session_.receive(bytes, now_);
  }

  void read(const StreamStatePtr& stream, std::size_t size) {
    if (!stream || !stream->reader.empty()) return;
    Bytes to(size + 1);
    const std::size_t before = stream->received.size();
    const std::size_t got = session_.read(*stream, to, now_);
    WARREN_ASSERT(got == std::min(before, to.size()));
  }

  void wait_to_read(const StreamStatePtr& stream, std::size_t size) {
    if (!stream || !stream->received.empty()) return;
    buffer_.assign(size + 1, 0);
    for (const StreamStatePtr& other : owned_) {
      WARREN_ASSERT(other->delivered <= other->reader.size());
      other->reader = {};
      other->delivered = 0;
    }
    stream->reader = buffer_;
  }

  void write(const StreamStatePtr& stream, std::size_t size) {
    if (!stream || stream->write_error || stream->fin_sent) return;
    const Bytes bytes(size);
    const std::uint32_t window = stream->send_window;
    const std::size_t taken = session_.write(stream, bytes);
    WARREN_ASSERT(taken <= size && taken <= window);
    WARREN_ASSERT(stream->send_window == window - taken);
  }

  void close_write(const StreamStatePtr& stream) {
    if (stream && !stream->write_error) session_.close_write(*stream);
  }

  void reset(const StreamStatePtr& stream) {
    if (!stream) return;
    session_.reset(*stream);
    WARREN_ASSERT(!stream->known && stream->received.empty() && stream->write_error && stream->read_error);
  }

  void release(StreamStatePtr stream) {
    if (!stream) return;
    session_.stop_waiting(*stream);
    session_.release(*stream);
    std::erase(owned_, stream);
  }

  void take_output() {
    Bytes batch;
    session_.take_output(batch);
    WARREN_ASSERT(batch.size() <= limits().outgoing_max + 2 * limits().control_max + 64 * kHeaderSize);
    for (BytesView rest = batch; !rest.empty();) {
      WARREN_ASSERT(rest.size() >= kHeaderSize);
      const auto header = decode_header(rest.first<kHeaderSize>());
      WARREN_ASSERT(header.has_value());
      rest = rest.subspan(kHeaderSize);
      const bool ours = (header->stream_id % 2 == 1) == (side_ == Side::kInitiator);
      if (header->has(kSyn) && header->stream_id != 0) WARREN_ASSERT(ours);
      if (header->type != FrameType::kData) continue;
      WARREN_ASSERT(header->length <= limits().frame_size_max && header->length <= rest.size());
      rest = rest.subspan(header->length);
    }
  }

  void let_time_pass(std::uint16_t ms) {
    now_ += std::chrono::milliseconds(ms);
    session_.tick(now_);
    WARREN_ASSERT(session_.ended() || session_.deadline() >= now_ || session_.has_output());
  }

  void end(std::uint8_t how) {
    if (how % 16 == 0) session_.go_away();
    if (how % 16 == 1) session_.receive_end();
    if (how % 16 == 2) session_.fail(make_error_code(Errc::kReset));
    if (how % 16 == 3) session_.trim();
  }

  const Side side_;
  Instant now_{};
  Session session_;
  Bytes buffer_;  // of the one that waits to read
  std::vector<StreamStatePtr> owned_;
};

}  // namespace
}  // namespace warren::yamux

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  warren::Reader reader(warren::BytesView(data, size));
  const warren::Side side = reader.u8() % 2 ? warren::Side::kInitiator : warren::Side::kResponder;
  warren::yamux::Test test(side);
  for (int steps = 0; reader.remaining() > 0 && steps < 2000; ++steps) {
    test.step(reader);
    test.check();
  }
  test.finish();
  return 0;
}
