#include "warren/env/memory_pipe.hpp"

#include "warren/env/stream_end.hpp"

namespace warren {

namespace {

class PipeEnd final : public ByteStream {
 public:
  explicit PipeEnd(std::shared_ptr<StreamEnd> end) : end_(std::move(end)) {}

  ~PipeEnd() override {
    if (!end_->over()) end_->reset();
  }

  Task<std::size_t> read_some(MutableBytes to) override { return end_->read_some(to); }
  Task<void> write(BytesView bytes) override { return end_->write(bytes); }
  Task<void> close_write() override {
    end_->close_write();
    co_return;
  }
  void reset() override { end_->reset(); }

 private:
  std::shared_ptr<StreamEnd> end_;
};

// What an end says reaches the other one, if that still exists.
struct Wire {
  Delivery delivery;
  std::shared_ptr<std::weak_ptr<StreamEnd>> to = std::make_shared<std::weak_ptr<StreamEnd>>();

  void operator()(Segment segment) const {
    if (!delivery) {
      if (const auto end = to->lock()) end->receive(std::move(segment));
      return;
    }
    delivery([to = *to, segment = std::move(segment)]() mutable {
      if (const auto end = to.lock()) end->receive(std::move(segment));
    });
  }
};

}  // namespace

std::pair<std::unique_ptr<ByteStream>, std::unique_ptr<ByteStream>> memory_pipe(std::size_t buffer,
                                                                                Delivery delivery) {
  const Wire to_left{delivery};
  const Wire to_right{std::move(delivery)};
  auto left = std::make_shared<StreamEnd>(buffer, to_right);
  auto right = std::make_shared<StreamEnd>(buffer, to_left);
  *to_left.to = left;
  *to_right.to = right;
  return {std::make_unique<PipeEnd>(std::move(left)), std::make_unique<PipeEnd>(std::move(right))};
}

}  // namespace warren
