#include "warren/sim/faults.hpp"

#include <utility>

#include "warren/base/error.hpp"

namespace warren::sim {

namespace {

class FaultyStream final : public ByteStream {
 public:
  FaultyStream(std::unique_ptr<ByteStream> stream, Faults& faults)
      : stream_(std::move(stream)), faults_(faults) {}

  Task<std::size_t> read_some(MutableBytes to) override {
    operation();
    co_return co_await stream_->read_some(to);
  }

  Task<void> write(BytesView bytes) override {
    operation();
    co_await stream_->write(bytes);
  }

  Task<void> close_write() override {
    operation();
    co_await stream_->close_write();
  }

  void reset() override { stream_->reset(); }

 private:
  void operation() {
    if (!faults_.next()) return;
    stream_->reset();
    throw_error(Errc::kReset, "injected failure");
  }

  std::unique_ptr<ByteStream> stream_;
  Faults& faults_;
};

}  // namespace

std::unique_ptr<ByteStream> with_faults(std::unique_ptr<ByteStream> stream, Faults& faults) {
  return std::make_unique<FaultyStream>(std::move(stream), faults);
}

}  // namespace warren::sim
