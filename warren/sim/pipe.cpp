#include "warren/sim/pipe.hpp"

#include <algorithm>

#include "warren/env/memory_pipe.hpp"

namespace warren::sim {

namespace {

// The same stream, of which a read returns few bytes.
class ShortReads final : public ByteStream {
 public:
  ShortReads(std::unique_ptr<ByteStream> stream, std::size_t read_max)
      : stream_(std::move(stream)), read_max_(read_max) {}

  Task<std::size_t> read_some(MutableBytes to) override {
    return stream_->read_some(to.first(std::min(to.size(), read_max_)));
  }
  Task<void> write(BytesView bytes) override { return stream_->write(bytes); }
  Task<void> close_write() override { return stream_->close_write(); }
  void reset() override { stream_->reset(); }

 private:
  std::unique_ptr<ByteStream> stream_;
  std::size_t read_max_;
};

}  // namespace

StreamPair pipe(Loop& loop, PipeOptions options) {
  const auto after_delay = [&loop, delay = options.delay](std::function<void()> arrive) {
    loop.at(loop.now() + delay, std::move(arrive));
  };
  StreamPair pair = memory_pipe(options.buffer, after_delay);
  for (auto* end : {&pair.first, &pair.second}) {
    *end = std::make_unique<ShortReads>(std::move(*end), options.read_max);
    if (options.faults) *end = with_faults(std::move(*end), *options.faults);
  }
  return pair;
}

}  // namespace warren::sim
