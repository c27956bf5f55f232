#include "warren/protocols/spray/sprayer.hpp"

#include <algorithm>
#include <utility>

#include "warren/async/as_result.hpp"
#include "warren/async/cancellation.hpp"
#include "warren/base/log.hpp"
#include "warren/env/clock.hpp"
#include "warren/protocols/spray/target.hpp"
#include "warren/protocols/spray/turn.hpp"

namespace warren::spray {

namespace {

// What the words of a failed exchange come to.
Failure failure_of(std::error_code error) {
  Failure failure{error};
  failure.why = "the peer was asked for a spray: " + error.message();
  if (error != Errc::kProtocolNotSupported) failure.reason = RelayReason::kSyncTimeout;
  return failure;
}

Failure refused_by_peer(const Refused& refused) {
  const Errc code =
      refused.reason == RelayReason::kLimitedByBudget ? Errc::kLimitedByBudget : Errc::kRejectedByPeer;
  return {code, refused.reason, "the peer refused to spray"};
}

Role role_of(const NatPosition& position) {
  return position.is_hard() ? Role::kOpens : Role::kProbes;
}

}  // namespace

Sprayer::Sprayer(Needs needs) : needs_(std::move(needs)), budget_(needs_.entries) {}

Sprayer::~Sprayer() = default;

void Sprayer::start() {
  if (tasks_) return;
  closing_ = false;
  tasks_ = std::make_unique<TaskGroup>(needs_.host.env().executor, "spray");
  needs_.host.handle(ProtocolId(kProtocol), [this](ConnectionPtr connection, StreamPtr stream) {
    return serve(std::move(connection), std::move(stream));
  });
}

Task<void> Sprayer::close() {
  if (!tasks_) co_return;
  needs_.host.unhandle(ProtocolId(kProtocol));
  closing_ = true;
  changed_.notify_all();
  while (serving_ > 0) co_await changed_.wait_uncanceled();
  co_await tasks_->close();
  tasks_.reset();
  forgetting_ = false;
}

std::shared_ptr<Sprayer::Turn> Sprayer::take_turn(const PeerId& peer) {
  auto turn = Turn::begin(budget_, needs_.punches, needs_.host.env().clock, peer, [this] {
    if (tasks_) tasks_->spawn(forget_entries());
  });
  if (turn) turn_ = turn;
  return turn;
}

bool Sprayer::may_spray() {
  return turn_.expired() && budget_.ready(needs_.host.env().clock.now());
}

PunchRound Sprayer::new_round(const Connection& relayed, bool ours) const {
  PunchRound round;
  round.peer = relayed.remote_peer();
  round.means = PathMeans::kSpray;
  round.ours = ours;
  round.began = needs_.host.env().clock.now();
  return round;
}

void Sprayer::finish(PunchRound& round, const std::optional<Failure>& failure) const {
  round.took = needs_.host.env().clock.now() - round.began;
  if (!failure) return;
  round.error = failure->error;
  round.reason = failure->reason;
  round.why = failure->why;
}

std::optional<Failure> Sprayer::obstacle(const NatPosition& position, Role role) const {
  if (!needs_.enabled) {
    return Failure{Errc::kDenied, RelayReason::kPolicyRelayOnly, "this node wants no direct paths"};
  }
  if (needs_.sockets == nullptr || !position.udp) {
    return Failure{Errc::kNoTransport, RelayReason::kUdpBlocked, "this node has no UDP"};
  }
  const bool seen = role == Role::kOpens ? outside_of(position, needs_.private_networks).has_value()
                                         : quic_endpoint_of(position, needs_.private_networks).has_value();
  if (!seen) {
    return Failure{Errc::kNoAddresses, RelayReason::kNoPublicMapping,
                   "this node does not know where it is seen"};
  }
  return std::nullopt;
}

// Precondition: it is known where we are seen.
Spray Sprayer::offer(const NatPosition& position, Role role) const {
  Spray spray{.role = role, .token = needs_.host.env().random.bytes<16>(), .seen = {}};
  if (role == Role::kOpens) {
    spray.seen = {outside_of(position, needs_.private_networks).value_or(IpAddress()), 0};
  } else {
    spray.seen = quic_endpoint_of(position, needs_.private_networks).value_or(Endpoint());
  }
  return spray;
}

// Of the sockets that QUIC listens on, the one that reaches farthest: it is the one whose mapping is told.
std::optional<Endpoint> Sprayer::local_socket(bool v4) const {
  std::optional<Endpoint> best;
  for (const Endpoint& each : needs_.sockets->endpoints()) {
    if (each.address.is_v4() != v4 || each.address.is_loopback()) continue;
    if (!best || each.address.is_unspecified()) best = each;
  }
  return best;
}

// Either side's roles and addresses are known; runs it.
Task<std::optional<Failure>> Sprayer::run(ByteStream* stream, Spray ours, Spray theirs, PunchRound* round) {
  const bool opens = ours.role == Role::kOpens;
  const Spray& opening = opens ? ours : theirs;
  const Spray& probing = opens ? theirs : ours;
  const auto told = [](const Spray& spray) {
    if (spray.role == Role::kProbes) return quic_address(spray.seen);
    const Protocol family = spray.seen.address.is_v4() ? Protocol::kIp4 : Protocol::kIp6;
    return Multiaddr().with(family, spray.seen.address.bytes());
  };
  round->told = {told(ours)};
  round->heard = {told(theirs)};
  const auto local = local_socket(probing.seen.address.is_v4());
  if (!local) {
    co_return Failure{Errc::kNoTransport, RelayReason::kUdpBlocked, "QUIC does not listen in that family"};
  }
  Pact pact{.peer = round->peer,
            .ours = ours.role,
            .secret = {opening.token, probing.token},
            .probing = probing.seen,
            .opening = opening.seen.address,
            .deadline = round->began + kSprayMax};
  SprayRound running(needs_.host, needs_.dialer, *needs_.sockets, budget_, *stream, *local, std::move(pact));
  std::optional<Failure> failure = co_await running.run();
  co_return failure;
}

// --- conversations that we begin ---

Task<Sprayer::Asked> Sprayer::ask(ConnectionPtr relayed, Message question) {
  Asked asked;
  asked.stream = co_await relayed->open_stream(ProtocolId(kProtocol));
  const Bytes bytes = encode(question);
  co_await write_delimited(*asked.stream, bytes);
  const Bytes answer = co_await read_delimited(*asked.stream, kMessageSizeMax);
  asked.answer = value_or_throw(decode(answer), "spray");
  co_return asked;
}

Task<PeerPosition> Sprayer::exchange_positions(ConnectionPtr relayed) {
  const PeerId peer = relayed->remote_peer();
  Message ours = position_for(nullptr);
  auto asking = ask(std::move(relayed), std::move(ours));
  Asked asked = co_await with_timeout(needs_.host.env().clock, kAnswerTimeout, std::move(asking));
  PeerPosition* position = std::get_if<PeerPosition>(&asked.answer);
  if (position == nullptr) throw_error(Errc::kMalformed, "spray: something else where POSITION was due");
  told_.emit(peer, *position);
  co_await asked.stream->close_write();
  co_return std::move(*position);
}

Task<void> Sprayer::ask_to_begin(ConnectionPtr relayed) {
  Message question = Begin{};
  auto asking = ask(std::move(relayed), std::move(question));
  Asked asked = co_await with_timeout(needs_.host.env().clock, kAnswerTimeout, std::move(asking));
  if (const auto* refused = std::get_if<Refused>(&asked.answer)) {
    throw_error(refused->reason == RelayReason::kLimitedByBudget ? Errc::kRateLimited : Errc::kDenied);
  }
  if (!std::holds_alternative<Ok>(asked.answer)) throw_error(Errc::kMalformed, "spray");
  co_await asked.stream->close_write();
}

Task<PunchRound> Sprayer::spray(ConnectionPtr relayed) {
  PunchRound round = new_round(*relayed, true);
  const NatPosition position = needs_.position();
  std::optional<Failure> failure = obstacle(position, role_of(position));
  std::shared_ptr<Turn> turn;
  if (!failure) turn = take_turn(round.peer);
  if (!failure && !turn) {
    failure = Failure{Errc::kLimitedByBudget, RelayReason::kLimitedByBudget,
                      "another spray runs or has just ended, or the last ones' NAT entries live on"};
  }
  if (failure) {
    finish(round, failure);
    co_return round;
  }
  auto result = co_await as_result(begin(std::move(relayed), turn, &round));
  failure = result ? *result : failure_of(result.error());
  if (turn->taken_over()) {
    // The peer began at the same instant, and its spray is the one that counts.
    while (!turn->ended()) co_await turn->wait();
    co_return *turn->ended();
  }
  turn.reset();
  finish(round, failure);
  ended_.emit(round);
  co_return round;
}

Task<std::optional<Failure>> Sprayer::begin(ConnectionPtr relayed, std::shared_ptr<Turn> turn,
                                            PunchRound* round) {
  Clock& clock = needs_.host.env().clock;
  const NatPosition position = needs_.position();
  const Spray ours = offer(position, role_of(position));
  Message question = ours;
  auto asking = ask(std::move(relayed), std::move(question));
  Asked asked = co_await with_timeout(clock, kAnswerTimeout, std::move(asking));
  round->round_trip_time = clock.now() - round->began;
  if (const auto* refused = std::get_if<Refused>(&asked.answer)) co_return refused_by_peer(*refused);
  turn->asked();
  const auto* theirs = std::get_if<Spray>(&asked.answer);
  const bool fits = theirs != nullptr && theirs->role != ours.role &&
                    theirs->seen.address.is_v4() == ours.seen.address.is_v4();
  const auto own = needs_.host.env().network.interface_addresses();
  if (!fits || !may_be_sprayed(theirs->seen.address, own, needs_.private_networks)) {
    throw_error(Errc::kMalformed, "spray: an answer that is none");
  }
  auto running = run(asked.stream.get(), ours, *theirs, round);
  std::optional<Failure> failure = co_await std::move(running);
  co_return failure;
}

Task<void> Sprayer::forget_entries() {
  if (std::exchange(forgetting_, true)) co_return;
  Clock& clock = needs_.host.env().clock;
  while (const auto expiry = budget_.next_expiry()) {
    co_await clock.sleep_until(*expiry);
    budget_.expire(clock.now());
  }
  forgetting_ = false;
}

}  // namespace warren::spray
