// yamux as a core::Muxer.
#pragma once

#include "warren/env/env.hpp"
#include "warren/muxer/yamux/connection.hpp"

namespace warren::yamux {

class YamuxMuxer final : public Muxer {
 public:
  // The clock outlives the muxer and all that it makes.
  explicit YamuxMuxer(Env& env, const Limits& limits = {}) : YamuxMuxer(env.executor, env.clock, limits) {}
  YamuxMuxer(Executor executor, Clock& clock, const Limits& limits = {})
      : executor_(std::move(executor)),
        clock_(clock),
        limits_(limits),
        heartbeat_(std::make_shared<Heartbeat>(executor_, clock_)) {}

  // Where the connections made from now on count what they hold unread; what they share outlives them.
  void account(UnreadLimits unread) { unread_ = unread; }

  ProtocolId id() const override { return "/yamux/1.0.0"; }

  std::unique_ptr<MuxedConnection> multiplex(StreamPtr channel, Side side) override {
    return std::make_unique<YamuxConnection>(executor_, clock_, heartbeat_, std::move(channel), side, limits_,
                                             unread_);
  }

 private:
  const Executor executor_;
  Clock& clock_;
  const Limits limits_;
  UnreadLimits unread_;
  const std::shared_ptr<Heartbeat> heartbeat_;
};

}  // namespace warren::yamux
