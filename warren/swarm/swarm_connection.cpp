#include "warren/swarm/swarm_connection.hpp"

#include "warren/async/as_result.hpp"
#include "warren/async/cancellation.hpp"
#include "warren/base/log.hpp"
#include "warren/negotiation/multistream.hpp"

namespace warren {

SwarmConnection::SwarmConnection(Env& env, SwarmState& state, StreamAdmission& streams,
                                 UpgradedConnection upgraded, StreamHandler serve,
                                 std::function<void(const PeerId&)> changed)
    : env_(env),
      state_(state),
      streams_(streams),
      upgraded_(std::move(upgraded)),
      serve_(std::move(serve)),
      changed_(std::move(changed)),
      relayed_(is_circuit(upgraded_.remote)),
      opened_at_(env.clock.now()),
      active_at_(opened_at_),
      handlers_(env.executor, "stream") {}

Task<void> SwarmConnection::run(std::shared_ptr<SwarmConnection> self) {
  co_await finally(serve_until_closed(self), shut_down());
}

Task<void> SwarmConnection::serve_until_closed(std::shared_ptr<SwarmConnection> self) {
  upgraded_.muxed->start();
  const auto ended = co_await as_result(accept_streams(std::move(self)));
  end_reason_ = close_reason_ ? close_reason_ : ended.error();
  if (!close_reason_ && log::enabled(log::Level::kDebug)) {
    log::debug("swarm", "connection to " + remote_peer().short_text() + " ended: " + end_reason_.message());
  }
}

Task<void> SwarmConnection::accept_streams(std::shared_ptr<SwarmConnection> self) {
  while (true) {
    StreamPtr stream = co_await upgraded_.muxed->accept_stream();
    auto place = streams_.open(*this);
    if (!place) {
      state_.tell({Errc::kLimitReached, place.error()}, remote_peer(), remote_address());
      continue;  // dropped, so reset
    }
    note_stream();
    ++state_.counters.streams_opened_inbound;
    handlers_.spawn(serve_stream(self, std::move(stream), std::move(*place)));
  }
}

Task<void> SwarmConnection::serve_stream(std::shared_ptr<SwarmConnection> self, StreamPtr stream,
                                         StreamAdmission::Place /*place*/) {
  co_await serve_(std::move(self), std::move(stream));
}

void SwarmConnection::note_stream() {
  ++streams_so_far_;
  active_at_ = env_.clock.now();
}

void SwarmConnection::note_health(const PathHealth& health) {
  health_ = health;
  if (open_) changed_(remote_peer());
}

void SwarmConnection::set_closed() {
  if (std::exchange(open_, false)) changed_(remote_peer());
}

Task<void> SwarmConnection::shut_down() {
  if (!end_reason_) end_reason_ = close_reason_ ? close_reason_ : make_error_code(Errc::kClosed);  // canceled
  set_closed();
  co_await handlers_.close();
  co_await upgraded_.muxed->close();
}

Task<StreamPtr> SwarmConnection::open_stream(ProtocolId protocol) {
  if (!open_) throw_error(Errc::kClosed);
  StreamPtr stream = co_await upgraded_.muxed->open_stream();
  note_stream();
  ++state_.counters.streams_opened_outbound;
  co_return multistream::propose_optimistically(std::move(stream), std::move(protocol));
}

void SwarmConnection::close_because(std::error_code reason) {
  if (!open_) return;
  close_reason_ = reason;
  upgraded_.muxed->go_away();
  set_closed();
}

ConnectionUse SwarmConnection::use() const {
  return {.peer = remote_peer(),
          .direction = direction(),
          .opened_at = opened_at_,
          .active_at = active_at_,
          .streams_open = upgraded_.muxed->stream_count(),
          .streams_so_far = streams_so_far_,
          .relayed = relayed_};
}

}  // namespace warren
