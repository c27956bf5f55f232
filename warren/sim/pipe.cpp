#include "warren/sim/pipe.hpp"

#include <algorithm>

#include "warren/sim/stream_end.hpp"

namespace warren::sim {

namespace {

class PipeEnd final : public ByteStream {
 public:
  PipeEnd(std::shared_ptr<StreamEnd> end, std::size_t read_max) : end_(std::move(end)), read_max_(read_max) {}

  ~PipeEnd() override {
    if (!end_->over()) end_->reset();
  }

  Task<std::size_t> read_some(MutableBytes to) override {
    return end_->read_some(to.first(std::min(to.size(), read_max_)));
  }

  Task<void> write(BytesView bytes) override { return end_->write(bytes); }

  Task<void> close_write() override {
    end_->close_write();
    co_return;
  }

  void reset() override { end_->reset(); }

 private:
  std::shared_ptr<StreamEnd> end_;
  std::size_t read_max_;
};

// What an end says reaches the other one after the delay, if that still exists.
struct Wire {
  Loop& loop;
  Duration delay;
  std::shared_ptr<std::weak_ptr<StreamEnd>> to = std::make_shared<std::weak_ptr<StreamEnd>>();

  void operator()(Segment segment) const {
    loop.at(loop.now() + delay, [to = *to, segment = std::move(segment)]() mutable {
      if (const auto end = to.lock()) end->receive(std::move(segment));
    });
  }
};

}  // namespace

StreamPair pipe(Loop& loop, PipeOptions options) {
  const Wire to_left{loop, options.delay};
  const Wire to_right{loop, options.delay};
  auto left = std::make_shared<StreamEnd>(options.buffer, to_right);
  auto right = std::make_shared<StreamEnd>(options.buffer, to_left);
  *to_left.to = left;
  *to_right.to = right;

  StreamPair pair{std::make_unique<PipeEnd>(std::move(left), options.read_max),
                  std::make_unique<PipeEnd>(std::move(right), options.read_max)};
  if (options.faults) {
    pair.first = with_faults(std::move(pair.first), *options.faults);
    pair.second = with_faults(std::move(pair.second), *options.faults);
  }
  return pair;
}

}  // namespace warren::sim
