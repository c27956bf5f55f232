#include "warren/protocols/stun/predict.hpp"

#include "warren/async/as_result.hpp"
#include "warren/base/log.hpp"
#include "warren/protocols/stun/port_forecast.hpp"
#include "warren/protocols/stun/survey.hpp"

namespace warren::stun {

namespace {

// What the server saw; whatever else comes in is left alone.
Task<Endpoint> answer_of(DatagramSocket* socket, Endpoint server, TransactionId id) {
  while (true) {
    const std::span<const Datagram> datagrams = co_await socket->receive();
    for (const Datagram& datagram : datagrams) {
      const auto message = decode(datagram.payload);
      if (datagram.from != server || !message || message->id != id) continue;
      if (message->kind == Class::kSuccess && message->seen()) co_return *message->seen();
    }
  }
}

// Until it is canceled: again to the same server, for another one would take another mapping.
Task<void> ask(Clock* clock, DatagramSocket* socket, Endpoint server, TransactionId id) {
  const Message message{.kind = Class::kRequest, .id = id, .software = std::string(kSoftware)};
  const Bytes bytes = encode(message);
  for (int sends = 0; sends < 2; ++sends) {
    co_await socket->send(socket->local_endpoint().address, server, bytes, bytes.size(), Ecn::kNotCapable);
    co_await clock->sleep_for(kPredictAgain);
  }
  co_await clock->sleep_for(kPredictMax - 2 * kPredictAgain);
  throw_error(Errc::kTimedOut);
}

Task<Endpoint> seen_now(Env* env, DatagramSocket* socket, Endpoint server) {
  const auto id = env->random.bytes<12>();
  std::optional<Endpoint> seen;
  co_await race(store_value(answer_of(socket, server, id), seen), ask(&env->clock, socket, server, id));
  co_return seen.value();
}

}  // namespace

Task<std::vector<Endpoint>> predict(Env& env, NatReport report, std::size_t count) {
  std::vector<Endpoint> endpoints;
  const PortTrend trend = trend_of(report.mapping, report.ports);
  if (trend.ports != NatPorts::kSequential || report.servers.empty()) co_return endpoints;
  auto socket = env.network.bind_udp({report.local.address, 0});
  if (!socket) co_return endpoints;
  const auto seen = co_await as_result(seen_now(&env, socket->get(), report.servers.front()));
  if (!seen) {
    log::debug("stun", "nothing is predicted: " + seen.error().message());
    co_return endpoints;
  }
  for (const std::uint16_t port : forecast(seen->port, trend.step, count)) {
    endpoints.push_back({seen->address, port});
  }
  co_return endpoints;
}

}  // namespace warren::stun
