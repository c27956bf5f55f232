// A connection in the swarm's care: accepts the peer's streams and hands each to whoever serves streams,
// until either side ends.
#pragma once

#include <functional>

#include "warren/async/task_group.hpp"
#include "warren/core/connection.hpp"
#include "warren/swarm/stream_admission.hpp"
#include "warren/swarm/swarm_state.hpp"
#include "warren/swarm/upgrader.hpp"

namespace warren {

class SwarmConnection final : public Connection {
 public:
  // The environment, the state and `streams` outlive the connection's run. `serve` is called for each inbound
  // stream that there is room for, before its protocol is known. `changed` is called when it is no longer
  // open, and when its health is another one.
  SwarmConnection(Env& env, SwarmState& state, StreamAdmission& streams, UpgradedConnection upgraded,
                  StreamHandler serve, std::function<void(const PeerId&)> changed);

  // Serves until the connection ends, then cancels the handlers and closes the muxer. `self` keeps the
  // connection alive meanwhile.
  Task<void> run(std::shared_ptr<SwarmConnection> self);

  const PeerId& remote_peer() const override { return upgraded_.remote_peer; }
  const PublicKey& remote_key() const override { return upgraded_.remote_key; }
  const Multiaddr& local_address() const override { return upgraded_.local; }
  Multiaddr remote_address() const override {
    return upgraded_.muxed->remote_address().value_or(upgraded_.remote);
  }
  Direction direction() const override { return upgraded_.direction; }
  const ProtocolId& security() const override { return upgraded_.security; }
  const ProtocolId& muxer() const override { return upgraded_.muxer; }
  Instant opened_at() const override { return opened_at_; }
  Duration round_trip_time() const override { return upgraded_.muxed->round_trip_time(); }
  const CircuitBudget* circuit_budget() const override { return upgraded_.budget.get(); }
  PathHealth health() const override { return health_; }
  void note_health(const PathHealth& health) override;
  bool is_open() const override { return open_; }
  std::error_code end_reason() const override { return end_reason_; }
  Task<StreamPtr> open_stream(ProtocolId protocol) override;
  void close() override { close_because(Errc::kClosed); }

  void close_because(std::error_code reason) override;
  // For the connection manager, which is told elsewhere whether the peer is allowed.
  ConnectionUse use() const;
  bool is_relayed() const { return relayed_; }

 private:
  Task<void> accept_streams(std::shared_ptr<SwarmConnection> self);
  Task<void> serve_until_closed(std::shared_ptr<SwarmConnection> self);
  Task<void> serve_stream(std::shared_ptr<SwarmConnection> self, StreamPtr stream,
                          StreamAdmission::Place place);
  void note_stream();
  void set_closed();
  Task<void> shut_down();

  Env& env_;
  SwarmState& state_;
  StreamAdmission& streams_;
  UpgradedConnection upgraded_;
  StreamHandler serve_;
  std::function<void(const PeerId&)> changed_;
  bool relayed_;
  PathHealth health_;
  Instant opened_at_;
  Instant active_at_;  // when a stream was last opened
  std::uint64_t streams_so_far_ = 0;
  TaskGroup handlers_;
  bool open_ = true;
  std::error_code close_reason_;  // what we closed it for
  std::error_code end_reason_;
};

}  // namespace warren
