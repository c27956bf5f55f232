// The stream that propose_optimistically() returns: until the answer has come it stands between its owner and
// the stream it negotiates for, afterwards it only passes calls on.
#include <algorithm>
#include <array>

#include "warren/async/event.hpp"
#include "warren/base/assert.hpp"
#include "warren/negotiation/multistream.hpp"

namespace warren::multistream {
namespace {

// As much data travels in one write with the proposal; copying more would cost more than a second write.
constexpr std::size_t kFirstDataMax = 64 * 1024;

class OptimisticStream final : public ByteStream {
 public:
  OptimisticStream(StreamPtr inner, const ProtocolId& protocol)
      : inner_(std::move(inner)), proposal_(encode(kHeader)) {
    append(proposal_, encode(protocol));
  }

  Task<std::size_t> read_some(MutableBytes to) override {
    return agreed_ ? inner_->read_some(to) : read_first(to);
  }
  Task<void> write(BytesView bytes) override {
    return sending_ == Sending::kDone ? inner_->write(bytes) : write_first(bytes);
  }
  Task<void> close_write() override {
    return sending_ == Sending::kDone ? inner_->close_write() : close_write_first();
  }
  void reset() override { inner_->reset(); }

 private:
  // Of the proposal. A failed or canceled sending leaves it at kStarted for good, with the stream reset.
  enum class Sending { kNotYet, kStarted, kDone };

  Task<std::size_t> read_first(MutableBytes to) {
    if (refusal_) throw_error(refusal_);
    if (sending_ == Sending::kNotYet) co_await send_proposal(BytesView());
    co_await read_answer();
    co_return co_await inner_->read_some(to);
  }

  Task<void> write_first(BytesView bytes) {
    if (sending_ == Sending::kNotYet) {
      const std::size_t first = std::min(bytes.size(), kFirstDataMax);
      co_await send_proposal(bytes.first(first));
      bytes = bytes.subspan(first);
    }
    co_await proposal_sent();
    if (!bytes.empty()) co_await inner_->write(bytes);
  }

  Task<void> close_write_first() {
    if (sending_ == Sending::kNotYet) co_await send_proposal(BytesView());
    co_await proposal_sent();
    co_await inner_->close_write();
  }

  Task<void> send_proposal(BytesView data) {
    sending_ = Sending::kStarted;
    Bytes bytes = proposal_;
    append(bytes, data);
    // If the write does not come back, part of the proposal may be on its way: nothing sensible can follow
    // it.
    struct ResetUnlessSent {
      OptimisticStream& stream;
      ~ResetUnlessSent() {
        if (stream.sending_ != Sending::kDone) stream.inner_->reset();
        stream.sent_.notify_all();
      }
    };
    const ResetUnlessSent guard(*this);
    co_await inner_->write(bytes);
    sending_ = Sending::kDone;
  }

  // A writer that comes while a reader sends the proposal lets it finish: a stream has one writer at a time.
  Task<void> proposal_sent() {
    while (sending_ == Sending::kStarted && !refusal_) {
      co_await sent_.wait();
      if (sending_ == Sending::kStarted) throw_error(Errc::kReset);
    }
  }

  // Agreement has one spelling: our own bytes, echoed. So they are compared as they come, which never reads a
  // byte too far and goes on where a canceled read stopped.
  Task<void> read_answer() {
    while (answered_ < proposal_.size()) {
      std::array<std::uint8_t, 64> chunk;
      const std::size_t wanted = std::min(chunk.size(), proposal_.size() - answered_);
      const std::size_t size = co_await inner_->read_some(MutableBytes(chunk).first(wanted));
      if (size == 0) throw_error(Errc::kEndOfStream);
      for (std::size_t i = 0; i < size; ++i, ++answered_) {
        if (chunk[i] == proposal_[answered_]) continue;
        const bool in_header = answered_ < kHeader.size() + 2;  // its length and its newline
        refusal_ = in_header ? Errc::kMalformed : Errc::kProtocolNotSupported;
        inner_->reset();
        throw_error(refusal_);
      }
    }
    agreed_ = true;
    Bytes().swap(proposal_);
  }

  StreamPtr inner_;
  Bytes proposal_;            // header and proposal: what is sent, and expected to come back
  std::size_t answered_ = 0;  // of it
  Sending sending_ = Sending::kNotYet;
  Event sent_;
  bool agreed_ = false;
  std::error_code refusal_;
};

}  // namespace

StreamPtr propose_optimistically(StreamPtr stream, ProtocolId protocol) {
  WARREN_ASSERT(protocol.size() < kMessageSizeMax);
  return std::make_unique<OptimisticStream>(std::move(stream), protocol);
}

}  // namespace warren::multistream
