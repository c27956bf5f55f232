// A pipe that tells when the other side has said its first word: who waits for that may lose patience, who
// has heard it should not.
#pragma once

#include <memory>

#include "warren/async/event.hpp"
#include "warren/core/stream.hpp"

namespace warren {

struct Hearing {
  bool heard = false;
  Event changed;
};

class HeardStream final : public ByteStream {
 public:
  HeardStream(StreamPtr raw, std::shared_ptr<Hearing> hearing)
      : raw_(std::move(raw)), hearing_(std::move(hearing)) {}

  Task<std::size_t> read_some(MutableBytes to) override {
    const std::size_t size = co_await raw_->read_some(to);
    if (size > 0 && hearing_) {
      hearing_->heard = true;
      hearing_->changed.notify_all();
      hearing_.reset();
    }
    co_return size;
  }
  Task<void> write(BytesView bytes) override { return raw_->write(bytes); }
  Task<void> close_write() override { return raw_->close_write(); }
  void reset() override { raw_->reset(); }

 private:
  StreamPtr raw_;
  std::shared_ptr<Hearing> hearing_;  // null after the first word
};

}  // namespace warren
