#include "warren/node/path_check.hpp"

#include <algorithm>

#include "warren/async/as_result.hpp"
#include "warren/async/race.hpp"
#include "warren/base/log.hpp"
#include "warren/protocols/ping/ping.hpp"

namespace warren {

namespace {

// Of a path that nobody has measured yet.
constexpr Duration kUnknownRoundTrip = 200ms;
// A lost packet is sent again after little more than one round trip; over TCP not sooner than after 200 ms.
constexpr Duration kRetransmission = 150ms;
constexpr Duration kSuspectMin = 250ms;
constexpr Duration kSuspectMax = 1500ms;
// A slow link may have a window's worth of other data to carry first.
constexpr Duration kGiveUpChanged = 1s;
constexpr Duration kGiveUpUnsure = 2s;
constexpr Duration kGiveUpMax = 5s;

void set_suspect(Connection& connection, bool suspect) {
  PathHealth health = connection.health();
  if (std::exchange(health.is_suspect, suspect) != suspect) connection.note_health(health);
}

Task<void> say_goodbye(ByteStream& stream) {
  co_await stream.close_write();
  std::array<std::uint8_t, 1> rest;
  co_await stream.read_some(rest);
}

Task<void> ask_once(Env* env, ConnectionPtr connection, bool* answered) {
  StreamPtr stream = co_await connection->open_stream(ProtocolId(ping::kProtocol));
  co_await ping::ping(*env, *stream);
  *answered = true;
  set_suspect(*connection, false);
  co_await as_result(with_timeout(env->clock, ping::kGoodbyeTimeout, say_goodbye(*stream)));
}

Task<void> ask(Env* env, ConnectionPtr connection, bool* answered) {
  const auto asked = co_await as_result(ask_once(env, std::move(connection), answered));
  std::ignore = asked;  // a refusal is a sign of life
  *answered = true;
}

// What changes when something has come from the peer, where that is counted: QUIC measures with each
// acknowledgement, and a circuit has a budget.
std::pair<Duration, std::uint64_t> life_sign(const Connection& connection) {
  const CircuitBudget* const budget = connection.circuit_budget();
  return {connection.round_trip_time(), budget == nullptr ? 0 : budget->received};
}

Task<void> judge(Env* env, ConnectionPtr connection, PathPatience patience, const bool* answered,
                 std::function<void()> on_late) {
  const auto sign = life_sign(*connection);
  const auto is_silent = [&] { return !*answered && life_sign(*connection) == sign; };
  co_await env->clock.sleep_for(patience.suspect);
  if (is_silent()) {
    set_suspect(*connection, true);
    if (on_late) on_late();
  }
  co_await env->clock.sleep_for(patience.give_up - patience.suspect);
  if (is_silent()) connection->close_because(Errc::kPathSilent);
}

}  // namespace

PathPatience path_patience(Doubt doubt, Duration round_trip_time) {
  const Duration round_trip = round_trip_time > Duration::zero() ? round_trip_time : kUnknownRoundTrip;
  const Duration suspect = std::clamp(2 * round_trip + kRetransmission, kSuspectMin, kSuspectMax);
  if (doubt == Doubt::kMoved) return {suspect, suspect};
  const Duration least = doubt == Doubt::kChanged ? kGiveUpChanged : kGiveUpUnsure;
  return {suspect, std::max(suspect, std::clamp(6 * round_trip, least, kGiveUpMax))};
}

Task<bool> check_path(Env* env, ConnectionPtr connection, Doubt doubt, std::function<void()> on_late) {
  const PathPatience patience = path_patience(doubt, connection->round_trip_time());
  bool answered = false;
  auto judging = judge(env, connection, patience, &answered, std::move(on_late));
  co_await race(ask(env, connection, &answered), std::move(judging));
  co_return connection->is_open();
}

}  // namespace warren
