// Sprayer: the conversations that peers begin.
#include <algorithm>
#include <utility>

#include "warren/async/as_result.hpp"
#include "warren/async/counted.hpp"
#include "warren/core/circuit.hpp"
#include "warren/core/farewell.hpp"
#include "warren/protocols/spray/sprayer.hpp"
#include "warren/protocols/spray/target.hpp"
#include "warren/protocols/spray/turn.hpp"

namespace warren::spray {

namespace {

// Who has asked as well and waits for this spray is told of its end, even when it is canceled.
template <class Turn>
class Pledge {
 public:
  Pledge(std::shared_ptr<Turn> turn, const PunchRound& round) : turn_(std::move(turn)), round_(round) {}
  Pledge(const Pledge&) = delete;
  Pledge& operator=(const Pledge&) = delete;
  ~Pledge() {
    if (!turn_ || !turn_->taken_over()) return;
    PunchRound canceled = round_;
    canceled.error = Errc::kCanceled;
    canceled.reason = RelayReason::kSyncTimeout;
    turn_->end(canceled);
  }
  void keep() {
    if (turn_->taken_over()) turn_->end(round_);
    turn_.reset();
  }

 private:
  std::shared_ptr<Turn> turn_;
  const PunchRound& round_;
};

}  // namespace

Task<void> Sprayer::wait_until_closing() {
  while (!closing_) co_await changed_.wait();
}

Task<void> Sprayer::serve(ConnectionPtr connection, StreamPtr stream) {
  const Counted counted(serving_, changed_);
  if (closing_) co_return;
  co_await race(answer(std::move(connection), stream.get()), wait_until_closing());
}

Task<void> Sprayer::reply(ByteStream* stream, Message message) {
  Clock& clock = needs_.host.env().clock;
  const Bytes bytes = encode(message);
  co_await with_timeout(clock, kAnswerTimeout, write_delimited(*stream, bytes));
  co_await say_farewell(clock, *stream);
}

Task<void> Sprayer::answer(ConnectionPtr connection, ByteStream* stream) {
  Clock& clock = needs_.host.env().clock;
  const Bytes bytes = co_await with_timeout(clock, kAnswerTimeout, read_delimited(*stream, kMessageSizeMax));
  const Message message = value_or_throw(decode(bytes), "spray");
  if (const auto* theirs = std::get_if<PeerPosition>(&message)) {
    told_.emit(connection->remote_peer(), *theirs);
    Message ours = position_for(theirs);
    co_await reply(stream, std::move(ours));
  } else if (std::holds_alternative<Begin>(message)) {
    const auto refusal = refusal_to_begin(*connection);
    Message verdict = Ok{};
    if (refusal) verdict = Refused{refusal};
    if (!refusal) begin_asked_.emit(connection);
    co_await reply(stream, std::move(verdict));
  } else if (const auto* spray = std::get_if<Spray>(&message)) {
    co_await answer_spray(std::move(connection), stream, *spray);
  } else {
    throw_error(Errc::kMalformed, "spray: an answer where a question was due");
  }
}

// Addresses of a private network are of use to those within it only, and are nobody else's business.
PeerPosition Sprayer::position_for(const NatPosition* peer) const {
  PeerPosition position{needs_.position(), !needs_.enabled};
  if (position.relay_only) {
    position.addresses.clear();
    position.local.clear();
    position.outside.clear();
  }
  const bool near = needs_.private_networks || (peer != nullptr && shares_outside(position, *peer));
  if (!near) position.local.clear();
  return position;
}

std::optional<RelayReason> Sprayer::refusal_to_begin(const Connection& connection) {
  if (!needs_.enabled) return RelayReason::kPolicyRelayOnly;
  if (!is_circuit(connection.remote_address())) return RelayReason::kNoReservation;
  const Instant now = needs_.host.env().clock.now();
  std::erase_if(begin_asks_, [now](const auto& entry) { return entry.second + kBeginInterval <= now; });
  const bool recent = begin_asks_.contains(connection.remote_peer());
  if (recent || begin_asks_.size() >= kBeginPeersMax) return RelayReason::kLimitedByBudget;
  begin_asks_[connection.remote_peer()] = now;
  return std::nullopt;
}

// spray_budget.hpp says what a peer could do with us.
Sprayer::Verdict Sprayer::judge(const Connection& connection, const Spray& theirs,
                                const NatPosition& position) {
  Env& env = needs_.host.env();
  const Instant now = env.clock.now();
  const PeerId& peer = connection.remote_peer();
  if (!is_circuit(connection.remote_address())) return {RelayReason::kNoReservation};
  const bool we_open = theirs.role == Role::kProbes;
  if (!we_open && position.is_hard()) return {RelayReason::kBothHardNat};
  const Role role = we_open ? Role::kOpens : Role::kProbes;
  if (const auto failure = obstacle(position, role)) return {failure->reason};

  // The same rules for who sends openers and who sends probes.
  const IpAddress& target = theirs.seen.address;
  const Spray ours = offer(position, role);
  auto own = env.network.interface_addresses();
  own.insert(own.end(), position.outside.begin(), position.outside.end());
  const bool allowed = may_be_sprayed(target, own, needs_.private_networks) &&
                       may_be_sprayed(ours.seen.address, {}, needs_.private_networks) &&
                       target.is_v4() == ours.seen.address.is_v4();
  if (!allowed) return {RelayReason::kNoPublicMapping};

  auto turn = turn_.lock();
  if (turn && turn->asking() && turn->peer() == peer) {
    // Both asked at once: the lower name's question stands.
    if (needs_.host.peer_id() < peer) return {RelayReason::kRoleConflict};
    turn->take_over();
    return {std::nullopt, std::move(turn)};
  }
  if (!budget_.ready_for(peer, target, now)) return {RelayReason::kLimitedByBudget};
  turn = take_turn(peer);
  if (!turn) return {RelayReason::kLimitedByBudget};
  budget_.begin_for(peer, target, now);
  turn->asked();
  return {std::nullopt, std::move(turn)};
}

Task<void> Sprayer::answer_spray(ConnectionPtr connection, ByteStream* stream, Spray theirs) {
  Clock& clock = needs_.host.env().clock;
  const NatPosition position = needs_.position();
  Verdict verdict = judge(*connection, theirs, position);
  if (verdict.refusal) {
    Message refused = Refused{verdict.refusal};
    co_await reply(stream, std::move(refused));
    co_return;
  }
  PunchRound round = new_round(*connection, verdict.turn->taken_over());
  Pledge pledge(verdict.turn, round);
  const Spray ours = offer(position, theirs.role == Role::kProbes ? Role::kOpens : Role::kProbes);
  const Bytes bytes = encode(Message(ours));
  auto saying = with_timeout(clock, kAnswerTimeout, write_delimited(*stream, bytes));
  const auto said = co_await as_result(std::move(saying));
  std::optional<Failure> failure;
  if (said) {
    failure = co_await run(stream, ours, theirs, &round);
  } else {
    failure = Failure{said.error(), RelayReason::kSyncTimeout, "the relayed connection ended"};
  }
  finish(round, failure);
  pledge.keep();
  verdict.turn.reset();
  ended_.emit(round);
}

}  // namespace warren::spray
