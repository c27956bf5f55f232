#include "app/signals.hpp"

#include <boost/asio/signal_set.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <csignal>

namespace warren::app {

struct StopSignals::State {
  explicit State(const Executor& executor) : signals(executor, SIGINT, SIGTERM) {}

  boost::asio::signal_set signals;
};

StopSignals::StopSignals(Executor executor) : state_(std::make_unique<State>(executor)) {}

StopSignals::~StopSignals() = default;

Task<void> StopSignals::wait() {
  co_await state_->signals.async_wait(boost::asio::use_awaitable);
  state_->signals.clear();
}

}  // namespace warren::app
