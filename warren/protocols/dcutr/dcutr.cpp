#include "warren/protocols/dcutr/dcutr.hpp"

#include <algorithm>

#include "warren/async/as_result.hpp"
#include "warren/async/race.hpp"
#include "warren/core/circuit.hpp"
#include "warren/core/farewell.hpp"
#include "warren/core/ip_address.hpp"
#include "warren/core/spoken_protocol.hpp"
#include "warren/env/clock.hpp"
#include "warren/protocols/dcutr/exchange.hpp"

namespace warren::dcutr {

namespace {

// Who speaks it is one of ours, and tries as many addresses as it is told.
constexpr std::string_view kPunchProtocol = "/warren/punch/1.0.0";
constexpr Duration kPredictionTimeout = 500ms;
constexpr std::size_t kPeersRememberedMax = 64;

bool is_over_budget(std::error_code error) {
  return error == Errc::kLimitedByBudget || error == Errc::kLimitReached || error == Errc::kRateLimited;
}

// What the end of an exchange means. A peer that takes no exchange from our side resets the stream before its
// first answer (go-libp2p), and so does one that is busy.
void fail_exchange(PunchRound& round, const std::system_error& failure) {
  round.error = failure.code();
  round.why = failure.what();
  const bool unanswered = round.ours && round.round_trip_time == Duration::zero();
  if (unanswered && (round.error == Errc::kReset || round.error == Errc::kEndOfStream)) {
    round.error = Errc::kRoleConflict;
    round.why = "the peer ended the exchange without an answer";
  }
  if (round.error == Errc::kProtocolNotSupported) {
    round.reason = RelayReason::kPeerNoDcutr;
  } else if (round.error == Errc::kNoAddresses) {
    round.reason = RelayReason::kNoPublicMapping;
  } else if (round.error == Errc::kRoleConflict) {
    round.reason = RelayReason::kRoleConflict;
  } else if (is_over_budget(round.error)) {
    round.reason = RelayReason::kLimitedByBudget;
  } else {
    round.reason = RelayReason::kSyncTimeout;
  }
}

void require_addresses(const std::vector<Multiaddr>& addresses, const char* whose) {
  if (addresses.empty()) throw_error(Errc::kNoAddresses, whose);
}

}  // namespace

Dcutr::Dcutr(Needs needs)
    : needs_(std::move(needs)),
      turns_(needs_.host.peer_id(), needs_.punches),
      tasks_(needs_.host.env().executor, "dcutr") {}

void Dcutr::start() {
  needs_.host.handle(ProtocolId(kProtocol), [this](ConnectionPtr connection, StreamPtr stream) {
    return serve(std::move(connection), std::move(stream));
  });
}

Task<void> Dcutr::close() {
  needs_.host.unhandle(ProtocolId(kProtocol));
  co_await tasks_.close();
}

PunchRound Dcutr::new_round(const PeerId& peer, bool ours) const {
  PunchRound round;
  round.peer = peer;
  round.ours = ours;
  round.began = needs_.host.env().clock.now();
  return round;
}

void Dcutr::end(PunchRound& round) {
  round.took = needs_.host.env().clock.now() - round.began;
  remember(round);
  ended_.emit(round);
}

void Dcutr::remember(const PunchRound& round) {
  std::vector<IpAddress> ips;
  for (const Multiaddr& address : round.heard) {
    const auto ip = ip_address_of(address);
    if (ip && std::ranges::find(ips, *ip) == ips.end()) ips.push_back(*ip);
  }
  if (ips.empty()) return;
  if (seen_at_.size() >= kPeersRememberedMax && !seen_at_.contains(round.peer)) {
    seen_at_.erase(seen_at_.begin());
  }
  seen_at_[round.peer] = std::move(ips);
}

Situation Dcutr::situation_of(const PeerId& peer) const {
  Situation situation;
  situation.peer = peer;
  situation.ours = needs_.position();
  situation.known = needs_.host.peerstore().addresses(peer, needs_.host.env().clock.now());
  if (const auto found = seen_at_.find(peer); found != seen_at_.end()) situation.seen_at = found->second;
  situation.private_networks = needs_.private_networks;
  return situation;
}

Task<Told> Dcutr::choose_told(const PeerId& peer, std::vector<Multiaddr> heard) {
  std::vector<Multiaddr> predicted;
  if (needs_.predicted) {
    auto asked = with_timeout(needs_.host.env().clock, kPredictionTimeout, needs_.predicted());
    auto answer = co_await as_result(std::move(asked));
    if (answer) predicted = std::move(*answer);
  }
  const bool many = speaks(needs_.host.peerstore(), peer, kPunchProtocol).value_or(false);
  co_return to_tell(situation_of(peer), heard, predicted, many);
}

Task<PunchRound> Dcutr::punch(ConnectionPtr relayed) {
  PunchRound round = new_round(relayed->remote_peer(), true);
  auto running = run_as_b(std::move(relayed), round);
  const auto done = co_await as_outcome(std::move(running));
  if (!done) fail_exchange(round, done.error());
  end(round);
  co_return round;
}

Task<void> Dcutr::run_as_b(ConnectionPtr relayed, PunchRound& round) {
  const bool is_ours_to_begin =
      is_circuit(relayed->remote_address()) && relayed->direction() == Direction::kInbound;
  if (!is_ours_to_begin) throw_error(Errc::kRoleConflict, "the other side of the relayed path begins");
  const Turns::TurnPtr turn = value_or_throw(turns_.begin(round.peer));
  Clock& clock = needs_.host.env().clock;
  auto exchange = agree_as_b(std::move(relayed), *turn, round);
  const auto due = co_await as_outcome(with_timeout(clock, kExchangeTimeout, std::move(exchange)));
  if (turn->displaced()) throw_error(Errc::kRoleConflict, "both began at once, and the peer's round counts");
  if (!due) {
    fail_exchange(round, due.error());
    co_return;
  }
  co_await clock.sleep_until(*due);
  // Who is behind a hard NAT can't be met where it said: it dials, and the peer's packets open the peer's
  // NAT.
  const bool is_hard = needs_.position().is_hard();
  co_await make_path(is_hard ? PunchRole::kClient : PunchRole::kServer, round);
}

Task<Instant> Dcutr::agree_as_b(ConnectionPtr relayed, Turn& turn, PunchRound& round) {
  Clock& clock = needs_.host.env().clock;
  std::vector<Multiaddr> nothing_heard;
  const Told told = co_await choose_told(round.peer, std::move(nothing_heard));
  require_addresses(told.addresses, "none of our own");
  round.told = told.addresses;
  if (told.predicted) round.means = PathMeans::kPredict;
  StreamPtr opened = co_await relayed->open_stream(ProtocolId(kProtocol));
  ByteStream& stream = turn.speak_on(std::move(opened));
  const Offer offer = co_await exchange_addresses(clock, stream, round.told);
  round.round_trip_time = offer.round_trip_time;
  round.heard = to_try(situation_of(round.peer), offer.heard);
  require_addresses(round.heard, "none of the peer's that may be tried");
  turn.settle();
  const Instant due = co_await send_sync(clock, stream, offer.round_trip_time);
  co_return due;
}

Task<void> Dcutr::serve(ConnectionPtr connection, StreamPtr stream) {
  const bool is_ours_to_serve =
      is_circuit(connection->remote_address()) && connection->direction() == Direction::kOutbound;
  if (!is_ours_to_serve) throw_error(Errc::kRoleConflict, "we begin on this connection, or nobody");
  Clock& clock = needs_.host.env().clock;
  const PeerId peer = connection->remote_peer();
  Turns::TurnPtr turn = value_or_throw(turns_.take(peer, clock.now()));
  PunchRound round = new_round(peer, false);
  auto exchange = agree_as_a(*stream, round);
  const auto agreed = co_await as_outcome(with_timeout(clock, kExchangeTimeout, std::move(exchange)));
  if (agreed) {
    // The relayed connection may end before the punch does, and this handler with it.
    tasks_.spawn(finish_as_a(std::move(turn), std::move(round)));
    co_await say_farewell(clock, *stream);
    co_return;
  }
  fail_exchange(round, agreed.error());
  turn.reset();
  end(round);
  if (round.error != Errc::kNoAddresses) throw_error(round.error, round.why);
  co_await say_farewell(clock, *stream);
}

Task<void> Dcutr::agree_as_a(ByteStream& stream, PunchRound& round) {
  const std::vector<Multiaddr> heard = co_await hear_addresses(stream);
  round.heard = to_try(situation_of(round.peer), heard);
  const Told told = co_await choose_told(round.peer, heard);
  if (round.heard.empty() || told.addresses.empty()) {
    co_await answer_with_nothing(stream);
    require_addresses(told.addresses, "none of our own");
    require_addresses(round.heard, "none of the peer's that may be tried");
  }
  round.told = told.addresses;
  if (told.predicted) round.means = PathMeans::kPredict;
  round.round_trip_time = co_await answer_and_wait(needs_.host.env().clock, stream, round.told);
}

Task<void> Dcutr::finish_as_a(Turns::TurnPtr turn, PunchRound round) {
  co_await race(make_path(PunchRole::kClient, round), turn->wait_until_displaced());
  const bool counts = !turn->displaced();
  turn.reset();
  if (counts) end(round);
}

Task<void> Dcutr::make_path(PunchRole role, PunchRound& round) {
  PunchCall call;
  call.peer = round.peer;
  call.role = role;
  call.addresses = round.heard;
  call.means = round.means;
  const auto made = co_await as_outcome(needs_.dialer.punch(std::move(call)));
  if (made && made->connection) co_return;
  round.error = made ? made->error : made.error().code();
  if (!round.error) round.error = Errc::kPunchFailed;
  const bool over_budget = is_over_budget(round.error);
  round.reason = over_budget ? RelayReason::kLimitedByBudget : RelayReason::kProbesUnanswered;
  round.why = made ? round.error.message() : made.error().what();
}

}  // namespace warren::dcutr
