#include "warren/swarm/metered_stream.hpp"

namespace warren {

namespace {

class MeteredStream final : public ByteStream {
 public:
  MeteredStream(StreamPtr raw, SwarmCounters& counters) : raw_(std::move(raw)), counters_(counters) {}

  Task<std::size_t> read_some(MutableBytes to) override {
    const std::size_t size = co_await raw_->read_some(to);
    counters_.bytes_received += size;
    co_return size;
  }
  // A write that fails may have sent a part of it; that part is not counted.
  Task<void> write(BytesView bytes) override {
    co_await raw_->write(bytes);
    counters_.bytes_sent += bytes.size();
  }
  Task<void> close_write() override { return raw_->close_write(); }
  void reset() override { raw_->reset(); }

 private:
  StreamPtr raw_;
  SwarmCounters& counters_;
};

}  // namespace

StreamPtr metered(StreamPtr raw, SwarmCounters& counters) {
  return std::make_unique<MeteredStream>(std::move(raw), counters);
}

}  // namespace warren
