#include "warren/messaging/travel.hpp"

#include <algorithm>
#include <initializer_list>

#include "warren/async/as_result.hpp"
#include "warren/async/race.hpp"
#include "warren/messaging/conversation.hpp"
#include "warren/messaging/error_context.hpp"

namespace warren {
namespace {

// While waiting: how soon to dial again after a failure, and how often to look for what others opened.
constexpr Duration kRedialMin = std::chrono::milliseconds(500);
constexpr Duration kRedialMax = std::chrono::seconds(4);
constexpr Duration kLook = std::chrono::milliseconds(500);

bool is_one_of(std::error_code error, std::initializer_list<Errc> codes) {
  return std::ranges::any_of(codes, [error](Errc code) { return error == code; });
}

// What a stream may say when its connection ends.
bool is_of_dead_path(std::error_code error) {
  return is_one_of(error,
                   {Errc::kPathSilent, Errc::kTimedOut, Errc::kUnreachable, Errc::kRefused, Errc::kIo});
}

// Neither side has ended it in good order, or we did so for a reason of our own, which is told a moment
// later.
bool has_died(const Connection& connection) {
  if (connection.is_open()) return false;
  return !connection.end_reason() || is_of_dead_path(connection.end_reason());
}

// That nobody was reached may be otherwise in a moment; who was reached and refused us will again.
bool may_pass(std::error_code no_path) {
  return is_of_dead_path(no_path) ||
         is_one_of(no_path, {Errc::kNoAddresses, Errc::kNoDirectPath, Errc::kReset, Errc::kClosed,
                             Errc::kEndOfStream, Errc::kNotFound, Errc::kNoReservation, Errc::kRelayFailed});
}

ConnectionPtr best_of(const MessagingParts& parts, const PeerId& peer) {
  auto open = parts.host.connections(peer);
  return open.empty() ? nullptr : std::move(open.front());
}

bool any_carries(const MessagingParts& parts, const PeerId& peer, const PathNeed& need) {
  const auto open = parts.host.connections(peer);
  return std::ranges::any_of(open, [&](const auto& each) { return carries(parts, *each, need); });
}

// Until a connection to the peer is there over which that much fits, or this time is over.
Task<void> wait_for_path(MessagingParts& parts, PeerId peer, PathNeed need, Instant until) {
  Clock& clock = parts.env().clock;
  while (clock.now() < until && !any_carries(parts, peer, need)) {
    co_await clock.sleep_until(std::min(until, clock.now() + kLook));
  }
}

}  // namespace

void Travel::set_out(ConnectionPtr connection) {
  ++attempts_;
  connection_ = std::move(connection);
  wire_size_ = 0;
  may_be_whole_ = false;
  const CircuitBudget* const budget = connection_->circuit_budget();
  sent_before_ = budget == nullptr ? 0 : budget->sent;
}

// Fewer bytes went out than the message has. Nobody acts on a part of one.
bool Travel::surely_incomplete() const {
  const CircuitBudget* const budget = connection_->circuit_budget();
  return !may_be_whole_ || (budget != nullptr && budget->sent - sent_before_ < wire_size_);
}

void Travel::broke(const std::system_error& error, Instant now) {
  if (!is_broken(error.code()) && !is_of_dead_path(error.code())) throw std::system_error(error);
  const bool relayed = is_circuit(connection_->remote_address());
  const bool died = has_died(*connection_) || is_of_dead_path(error.code());
  was_relayed_ = was_relayed_ || relayed;
  may_have_arrived_ = may_have_arrived_ || (wire_size_ > 0 && !surely_incomplete());
  if (died) died_at_ = now;
  if (died && !relayed) direct_died_ = true;
  if (!died && !relayed) ++hang_ups_;
  if (hang_ups_ >= kHangUpsMax || attempts_ >= kAttemptsMax) give_up(error);
}

void Travel::give_up(const std::system_error& no_path) const {
  if (may_have_arrived_) {
    throw_error(Errc::kOutcomeUnknown, std::string(was_relayed_ ? "the circuit" : "the path") +
                                           " ended before the answer, and then: " + no_path.what());
  }
  if (!was_relayed_ || connection_->circuit_budget() == nullptr) throw std::system_error(no_path);
  throw_error(Errc::kLimitedByBudget, std::string("the circuit ended before ") + std::to_string(wire_size_) +
                                          " bytes were sent, and then: " + no_path.what());
}

Instant Travel::patient_until(std::error_code no_path, const Connection* best) const {
  if (no_path == Errc::kLimitedByBudget) {
    if (direct_died_) return last_call_;
    const bool relayed = best != nullptr && is_circuit(best->remote_address());
    return relayed ? std::min(best->opened_at() + kPunchTime, last_call_) : Instant{};
  }
  return died_at_ && may_pass(no_path) ? std::min(*died_at_ + kPatience, last_call_) : Instant{};
}

namespace {

// Dialing may take longer than there is time; then it is told what there is.
Task<Path> find_in_time(MessagingParts& parts, PeerInfo to, CallOptions options, PathNeed need,
                        const Travel& travel) {
  Clock& clock = parts.env().clock;
  const PeerId peer = to.id;
  auto finding = find_path(parts, std::move(to), options, need);
  if (travel.attempts() == 0) co_return co_await std::move(finding);
  const Duration left = std::max(travel.last_call() - clock.now(), Duration{});
  auto found = co_await as_outcome(with_timeout(clock, left, std::move(finding)));
  if (found) co_return std::move(*found);
  const ConnectionPtr best = best_of(parts, peer);
  const bool late = found.error().code() == Errc::kTimedOut && clock.now() >= travel.last_call();
  if (late && best && !carries(parts, *best, need)) throw_limited(*best, need, clock.now());
  throw std::system_error(found.error());
}

// That a direct path was waited for in vain belongs to the reason.
[[noreturn]] void throw_after(Duration waited, const std::system_error& no_path) {
  const auto seconds = std::chrono::round<std::chrono::seconds>(waited);
  if (no_path.code() != Errc::kLimitedByBudget || seconds == std::chrono::seconds(0))
    throw std::system_error(no_path);
  throw_error(no_path.code(),
              context_of(no_path) + "; no direct path came within " + std::to_string(seconds.count()) + " s");
}

}  // namespace

Task<Path> next_path(MessagingParts& parts, PeerInfo to, CallOptions options, PathNeed need,
                     const Travel& travel) {
  Clock& clock = parts.env().clock;
  const Instant began = clock.now();
  for (Duration pause = kRedialMin;; pause = std::min(2 * pause, kRedialMax)) {
    auto path = co_await as_outcome(find_in_time(parts, to, options, need, travel));
    if (path) co_return std::move(*path);
    const std::error_code why = path.error().code();
    const ConnectionPtr best = best_of(parts, to.id);
    const Instant end = travel.patient_until(why, best.get());
    const Instant now = clock.now();
    if (now >= end) throw_after(now - began, path.error());
    co_await wait_for_path(parts, to.id, need, std::min(end, now + pause));
  }
}

}  // namespace warren
