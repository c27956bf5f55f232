// For the tests of this module: pipes that change or count what passes through them.
#pragma once

#include <utility>

#include "warren/core/stream.hpp"

namespace warren::security_test {

// Hands everything on.
class Wrapper : public ByteStream {
 public:
  explicit Wrapper(StreamPtr stream) : stream_(std::move(stream)) {}

  Task<std::size_t> read_some(MutableBytes to) override { return stream_->read_some(to); }
  Task<void> write(BytesView bytes) override { return stream_->write(bytes); }
  Task<void> close_write() override { return stream_->close_write(); }
  void reset() override { stream_->reset(); }

 protected:
  StreamPtr stream_;
};

// Changes one bit, or ends the stream, at one place of all that is written.
class Meddler final : public Wrapper {
 public:
  // `written` counts the bytes, and outlives the stream.
  Meddler(StreamPtr stream, std::size_t place, bool cut, std::size_t& written)
      : Wrapper(std::move(stream)), place_(place), cut_(cut), written_(written) {}

  Task<void> write(BytesView bytes) override {
    Bytes changed = to_bytes(bytes);
    const bool here = place_ >= written_ && place_ < written_ + bytes.size();
    if (here && cut_) changed.resize(place_ - written_);
    if (here && !cut_) changed[place_ - written_] ^= 1;
    written_ += bytes.size();
    co_await stream_->write(changed);
    if (here && cut_) co_await stream_->close_write();
  }

 private:
  std::size_t place_;
  bool cut_;
  std::size_t& written_;
};

// Counts the writes that reach the pipe, and notes the size of the last read that was asked of it.
class Counter final : public Wrapper {
 public:
  struct Counts {
    int writes = 0;
    std::size_t read_size = 0;
  };
  // `counts` outlives the stream.
  Counter(StreamPtr stream, Counts& counts) : Wrapper(std::move(stream)), counts_(counts) {}

  Task<std::size_t> read_some(MutableBytes to) override {
    counts_.read_size = to.size();
    return stream_->read_some(to);
  }
  Task<void> write(BytesView bytes) override {
    ++counts_.writes;
    return stream_->write(bytes);
  }

 private:
  Counts& counts_;
};

}  // namespace warren::security_test
