#include "warren/swarm/punch_race.hpp"

#include <algorithm>

#include "warren/async/as_result.hpp"
#include "warren/async/cancellation.hpp"
#include "warren/core/ip_address.hpp"
#include "warren/swarm/heard_stream.hpp"
#include "warren/swarm/metered_stream.hpp"
#include "warren/swarm/security_proposals.hpp"

namespace warren {

namespace {

// Between two dials of one address. Random, because two sides that are in step can miss each other for long.
constexpr std::uint64_t kPauseMinMs = 150;
constexpr std::uint64_t kPauseSpreadMs = 100;
// Who names many addresses, perhaps not its own, does not get as many packets sent to each.
constexpr std::size_t kQuickMax = 8;
constexpr std::uint64_t kPauseTimes = 5;
// Handshakes with one address that may come to nothing. What is refused before one begins is free: a closed
// port may answer so until the other side has opened it.
constexpr std::size_t kHandshakesMax = 4;
// Pipes from other ports than we listen on; each is a new flow.
constexpr std::size_t kStraysMax = 3;
// For the client's first word, which is on its way when the pipe is open. A listener that took our pipe for a
// stranger's waits for us to begin, and then only another pipe helps.
constexpr Duration kClientPatience = 2s;

bool may_change(std::error_code error) {
  return error == Errc::kRefused || error == Errc::kUnreachable || error == Errc::kTimedOut;
}

bool is_final(std::error_code error) {
  return error == Errc::kPeerIdMismatch || error == Errc::kNoTransport || error == Errc::kBadAddress ||
         error == Errc::kUnsupported || error == Errc::kDenied || error == Errc::kLimitReached ||
         error == Errc::kSecurityNotSupported;
}

bool is_port_of(const Multiaddr& local, const std::vector<Multiaddr>& listening) {
  const auto left = plain_tcp_endpoint(local);
  return left && std::ranges::any_of(listening, [&](const Multiaddr& address) {
           const auto right = plain_tcp_endpoint(address);
           return right && right->port == left->port;
         });
}

}  // namespace

PunchRace::PunchRace(const PunchNeeds& needs, PunchTable& table, DialRate& flows, const PunchCall& call,
                     std::vector<PunchTarget> targets, std::vector<Multiaddr> listening)
    : needs_(needs),
      table_(table),
      flows_(flows),
      peer_(call.peer),
      role_(call.role),
      listening_(std::move(listening)),
      proposals_(security_proposals(needs.upgrader.securities(), needs.peerstore, call.peer)),
      deadline_(needs.env.clock.now() + call.time_max),
      under_way_(targets.size()),
      running_(needs.env.executor, "swarm.punch") {
  for (PunchTarget& target : targets) {
    DialOutcome outcome{
        .peer = peer_, .address = target.address, .began = {}, .error = {}, .why = {}, .means = call.means};
    attempts_.push_back({.target = std::move(target), .outcome = std::move(outcome)});
  }
}

Task<void> PunchRace::run() {
  co_await finally(run_all(), running_.close());
  settle();
}

Task<void> PunchRace::run_all() {
  connected_ = needs_.state.events.connected.subscribe([this](const ConnectionPtr& connection) {
    if (connection->remote_peer() == peer_) changed_.notify_all();
  });
  for (std::size_t i = 0; i < attempts_.size(); ++i) running_.spawn(run_attempt(i));
  co_await race(wait_for_end(), needs_.env.clock.sleep_until(deadline_));
}

Task<void> PunchRace::wait_for_end() {
  while (under_way_ > 0 && !needs_.direct_connection(peer_)) co_await changed_.wait();
}

Task<void> PunchRace::run_attempt(std::size_t index) {
  Task<void> trying = try_target(index);
  const auto tried = co_await as_outcome(std::move(trying));
  Attempt& attempt = attempts_[index];
  attempt.ended = true;
  if (attempt.outcome.began) attempt.outcome.took = needs_.env.clock.now() - *attempt.outcome.began;
  if (!tried) {
    const std::error_code code = tried.error().code();
    attempt.outcome.error = code;
    attempt.outcome.why = code == Errc::kLimitReached ? tried.error().what() : code.message();
  }
  --under_way_;
  changed_.notify_all();
}

Task<void> PunchRace::try_target(std::size_t index) {
  const Instant now = needs_.env.clock.now();
  co_await flows_.wait_turn(deadline_ - now);
  attempts_[index].outcome.began = needs_.env.clock.now();
  if (attempts_[index].target.way == PunchWay::kKnock) {
    co_await knock(index);
  } else {
    co_await dial_until_open(index);
  }
}

Duration PunchRace::pause(std::size_t index) const {
  const std::uint64_t ms = kPauseMinMs + needs_.env.random.below(kPauseSpreadMs);
  return std::chrono::milliseconds(index < kQuickMax ? ms : kPauseTimes * ms);
}

// A socket that can't send there now may do so when a route has settled.
Task<void> PunchRace::knock(std::size_t index) {
  const Multiaddr address = attempts_[index].target.address;
  MuxedTransport* const transport = needs_.transports.muxed_for(address);
  while (true) {
    Task<void> knocking = transport->knock(address);
    const auto knocked = co_await as_result(std::move(knocking));
    if (!knocked) note_failure(attempts_[index], knocked.error());
    co_await needs_.env.clock.sleep_for(pause(index));
  }
}

Task<void> PunchRace::dial_until_open(std::size_t index) {
  Attempt& attempt = attempts_[index];
  std::optional<PunchTable::Place> place;
  if (const auto endpoint = plain_tcp_endpoint(attempt.target.address))
    place.emplace(table_, *endpoint, peer_, role_);
  while (true) {
    const bool muxed = attempt.target.way == PunchWay::kMuxed;
    auto dialing = muxed ? dial_muxed(index) : dial_pipe(index, place ? place->endpoint() : nullptr);
    auto upgraded = co_await as_result(std::move(dialing));
    if (upgraded) {
      win(attempt, std::move(*upgraded));
      co_return;
    }
    note_failure(attempt, upgraded.error());
    co_await needs_.env.clock.sleep_for(pause(index));
  }
}

Task<UpgradedConnection> PunchRace::dial_muxed(std::size_t index) {
  const Multiaddr address = attempts_[index].target.address;
  auto upgraded = co_await needs_.transports.muxed_for(address)->dial(address, peer_);
  co_return upgraded;
}

Task<UpgradedConnection> PunchRace::dial_pipe(std::size_t index, PunchedEndpointPtr endpoint) {
  std::optional<PunchPipe> pipe;
  if (endpoint) {
    co_await endpoint->wait_until_free();
    pipe.emplace(endpoint);
  }
  const Multiaddr address = attempts_[index].target.address;
  RawConnection raw = co_await needs_.transports.pipe_for(address)->dial(address);
  if (endpoint && !is_port_of(raw.local, listening_)) check_stray(attempts_[index]);
  ++attempts_[index].handshakes;
  auto upgraded = co_await shake_hands(index, std::move(raw));
  co_return upgraded;
}

// A pipe that does not leave from where we listen. Most likely there is one from there already, which our
// listener is about to accept; or such a pipe was there a moment ago, and the kernel still guards its end.
// Only who begins can make anything of another one, and only if nothing else comes.
void PunchRace::check_stray(Attempt& attempt) {
  ++attempt.strays;
  if (role_ == PunchRole::kServer || attempt.strays == 1) throw_error(Errc::kAddressInUse);
}

Task<UpgradedConnection> PunchRace::shake_hands(std::size_t index, RawConnection raw) {
  const Instant began = needs_.env.clock.now();
  const bool is_client = role_ == PunchRole::kClient;
  raw.stream = metered(std::move(raw.stream), needs_.state.counters);
  auto shaking = is_client ? needs_.upgrader.upgrade_outbound(std::move(raw), peer_,
                                                              proposals_[attempts_[index].proposal])
                           : expect_client(std::move(raw));
  auto upgraded = co_await std::move(shaking);
  const Duration took = needs_.env.clock.now() - began;
  SwarmCounters& counters = needs_.state.counters;
  (is_client ? counters.handshakes_outbound : counters.handshakes_inbound).add(took);
  co_return upgraded;
}

Task<UpgradedConnection> PunchRace::expect_client(RawConnection raw) {
  const auto hearing = std::make_shared<Hearing>();
  raw.stream = std::make_unique<HeardStream>(std::move(raw.stream), hearing);
  std::optional<UpgradedConnection> upgraded;
  auto upgrading = needs_.upgrader.upgrade_inbound(std::move(raw));
  const Winner winner = co_await race(store_value(std::move(upgrading), upgraded), wait_for_silence(hearing));
  if (winner == Winner::kSecond) throw_error(Errc::kTimedOut);
  if (upgraded->remote_peer != peer_) throw_error(Errc::kPeerIdMismatch);
  co_return std::move(*upgraded);
}

Task<void> PunchRace::wait_for_silence(std::shared_ptr<Hearing> hearing) {
  co_await needs_.env.clock.sleep_for(kClientPatience);
  while (hearing->heard) co_await hearing->changed.wait();  // until it is canceled
}

void PunchRace::note_failure(Attempt& attempt, std::error_code error) {
  attempt.outcome.error = error;
  attempt.outcome.why = error.message();
  if (error == Errc::kSecurityNotSupported && attempt.proposal + 1 < proposals_.size()) {
    ++attempt.proposal;
    ++needs_.state.counters.security_redials;
    return;
  }
  const bool is_pipe = attempt.target.way == PunchWay::kPipe;
  if (!is_pipe && !may_change(error)) ++attempt.handshakes;
  const bool in_vain = attempt.handshakes >= kHandshakesMax || attempt.strays >= kStraysMax;
  if (is_final(error) || in_vain) throw_error(error);
}

void PunchRace::win(Attempt& attempt, UpgradedConnection upgraded) {
  // The client decides which one is kept: dropped before it is adopted, a second one has hurt nobody.
  if (role_ == PunchRole::kClient && needs_.direct_connection(peer_)) return;
  const auto adopted = needs_.adopt(std::move(upgraded));
  if (!adopted) throw_error(adopted.error().reason, std::string(adopted.error().knob));
  attempt.outcome.won = true;
}

// Attempts that were under way at the end.
void PunchRace::settle() {
  connected_.reset();
  const ConnectionPtr direct = needs_.direct_connection(peer_);
  for (Attempt& attempt : attempts_) {
    DialOutcome& outcome = attempt.outcome;
    if (direct && direct->remote_address() == outcome.address) outcome.won = true;
    if (outcome.won) {
      outcome.error = {};
      outcome.why.clear();
    }
    if (outcome.won || attempt.ended) continue;
    if (outcome.began) outcome.took = needs_.env.clock.now() - *outcome.began;
    const bool knocked = attempt.target.way == PunchWay::kKnock;
    if (direct) {
      outcome.error = {};
      outcome.why = knocked ? "the peer came from elsewhere" : "another path was faster";
    } else if (!outcome.began) {
      outcome.error = Errc::kLimitReached;
      outcome.why = "its turn did not come in time";
    } else if (!outcome.error) {
      outcome.error = Errc::kTimedOut;
      outcome.why = knocked ? "knocked, and nobody came" : "nobody answered";
    }
  }
}

std::vector<DialOutcome> PunchRace::outcomes() const {
  std::vector<DialOutcome> outcomes;
  for (const Attempt& attempt : attempts_) outcomes.push_back(attempt.outcome);
  return outcomes;
}

}  // namespace warren
