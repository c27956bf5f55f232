// yamux as a core::Muxer.
#pragma once

#include "warren/env/env.hpp"
#include "warren/muxer/yamux/connection.hpp"

namespace warren::yamux {

class YamuxMuxer final : public Muxer {
 public:
  // The clock and `unread` outlive the muxer and all that it makes.
  explicit YamuxMuxer(Env& env, const Limits& limits = {}, UnreadLimits unread = {})
      : YamuxMuxer(env.executor, env.clock, limits, unread) {}
  YamuxMuxer(Executor executor, Clock& clock, const Limits& limits = {}, UnreadLimits unread = {})
      : executor_(std::move(executor)),
        clock_(clock),
        limits_(limits),
        unread_(unread),
        heartbeat_(std::make_shared<Heartbeat>(executor_, clock_)) {}

  ProtocolId id() const override { return "/yamux/1.0.0"; }

  std::unique_ptr<MuxedConnection> multiplex(StreamPtr channel, Side side) override {
    return std::make_unique<YamuxConnection>(executor_, clock_, heartbeat_, std::move(channel), side, limits_,
                                             unread_);
  }

 private:
  const Executor executor_;
  Clock& clock_;
  const Limits limits_;
  const UnreadLimits unread_;
  const std::shared_ptr<Heartbeat> heartbeat_;
};

}  // namespace warren::yamux
