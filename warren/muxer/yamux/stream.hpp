// One stream of a yamux connection, as its owner holds it.
#pragma once

#include "warren/core/stream.hpp"
#include "warren/env/clock.hpp"
#include "warren/muxer/yamux/session.hpp"

namespace warren::yamux {

// What streams keep of their connection, for as long as the last of them lives.
struct Shared {
  Shared(Clock& node_clock, Side side, const Limits& limits, UnreadLimits unread)
      : clock(node_clock), session(side, limits, node_clock.now(), unread) {}

  Clock& clock;
  Session session;
};

class YamuxStream final : public ByteStream {
 public:
  YamuxStream(std::shared_ptr<Shared> shared, StreamStatePtr state)
      : shared_(std::move(shared)), state_(std::move(state)) {}
  ~YamuxStream() override { shared_->session.release(*state_); }

  Task<std::size_t> read_some(MutableBytes to) override;
  Task<void> write(BytesView bytes) override;
  Task<void> close_write() override;
  void reset() override { shared_->session.reset(*state_); }

 private:
  std::shared_ptr<Shared> shared_;
  StreamStatePtr state_;  // refers to the session's budget: ends before it
};

}  // namespace warren::yamux
