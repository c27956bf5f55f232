#include "warren/swarm/swarm_connection.hpp"

#include "warren/async/as_result.hpp"
#include "warren/async/cancellation.hpp"
#include "warren/async/race.hpp"
#include "warren/base/log.hpp"
#include "warren/negotiation/multistream.hpp"

namespace warren {

SwarmConnection::SwarmConnection(Env& env, const SwarmLimits& limits, UpgradedConnection upgraded,
                                 StreamHandler serve)
    : limits_(limits),
      upgraded_(std::move(upgraded)),
      serve_(std::move(serve)),
      opened_at_(env.clock.now()),
      handlers_(env.executor, "stream") {}

Task<void> SwarmConnection::run(std::shared_ptr<SwarmConnection> self) {
  co_await finally(serve_until_closed(self), shut_down());
}

Task<void> SwarmConnection::serve_until_closed(std::shared_ptr<SwarmConnection> self) {
  upgraded_.muxed->start();
  const auto ended = co_await as_result(race(accept_streams(self), wait_for_close()));
  end_reason_ = ended ? make_error_code(Errc::kClosed) : ended.error();
  if (!ended && log::enabled(log::Level::kDebug)) {
    log::debug("swarm", "connection to " + remote_peer().short_text() + " ended: " + ended.error().message());
  }
}

Task<void> SwarmConnection::accept_streams(std::shared_ptr<SwarmConnection> self) {
  while (true) {
    StreamPtr stream = co_await upgraded_.muxed->accept_stream();
    if (handlers_.size() >= limits_.streams_per_connection_max) continue;  // dropped, so reset
    handlers_.spawn(serve_(self, std::move(stream)));
  }
}

Task<void> SwarmConnection::wait_for_close() {
  while (open_) co_await close_requested_.wait();
}

Task<void> SwarmConnection::shut_down() {
  open_ = false;
  co_await handlers_.close();
  co_await upgraded_.muxed->close();
}

Task<StreamPtr> SwarmConnection::open_stream(ProtocolId protocol) {
  if (!open_) throw_error(Errc::kClosed);
  StreamPtr stream = co_await upgraded_.muxed->open_stream();
  co_return multistream::propose_optimistically(std::move(stream), std::move(protocol));
}

void SwarmConnection::close() {
  open_ = false;
  close_requested_.notify_all();
}

}  // namespace warren
