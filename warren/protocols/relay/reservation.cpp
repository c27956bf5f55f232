#include "warren/protocols/relay/reservation.hpp"

#include <algorithm>

#include "warren/base/assert.hpp"
#include "warren/base/error.hpp"

namespace warren::relay {

namespace {

constexpr std::uint32_t kDoublingsMax = 6;  // 64 s, above kBackoffMax

Duration scaled(Duration duration, double factor) {
  return std::chrono::duration_cast<Duration>(duration * factor);
}

}  // namespace

std::string_view to_string(ReservationState state) {
  switch (state) {
    case ReservationState::kWanted: return "wanted";
    case ReservationState::kReserving: return "reserving";
    case ReservationState::kHeld: return "held";
    case ReservationState::kRenewing: return "renewing";
    case ReservationState::kBackoff: return "backoff";
  }
  return "wanted";
}

bool is_forgery(std::error_code error) {
  return error == Errc::kBadSignature || error == Errc::kNotValidNow;
}

ReservationLife::ReservationLife(PeerId relay, bool configured, Instant now)
    : relay_(std::move(relay)), configured_(configured), due_(now), tried_at_(now), missed_since_(now) {}

bool ReservationLife::is_held(Instant now) const {
  const bool granted = state_ == ReservationState::kHeld || state_ == ReservationState::kRenewing;
  return granted && !hung_up_ && now < grant_.expires;
}

bool ReservationLife::is_trying() const {
  return state_ == ReservationState::kReserving || state_ == ReservationState::kRenewing;
}

Instant ReservationLife::due() const {
  if (state_ == ReservationState::kReserving) return Instant::max();
  if (state_ == ReservationState::kRenewing) return hung_up_ ? Instant::max() : grant_.expires;
  return state_ == ReservationState::kHeld ? std::min(due_, grant_.expires) : due_;
}

Duration ReservationLife::backoff(double jitter, Duration backoff_max) const {
  const Duration whole = kBackoffMin * (1U << std::min(failures_ - 1, kDoublingsMax));
  const Duration less = scaled(std::min({whole, backoff_max, kBackoffMax}), 1 - jitter / 4);
  return std::max(less, kBackoffMin);
}

void ReservationLife::drop(Instant now) {
  held_since_.reset();
  if (!missed_since_) missed_since_ = now;
}

void ReservationLife::begin(Instant now) {
  WARREN_ASSERT(!is_trying());
  tried_at_ = now;
  state_ = is_held(now) ? ReservationState::kRenewing : ReservationState::kReserving;
  if (state_ == ReservationState::kReserving) drop(now);
}

void ReservationLife::granted(Grant grant, Instant now) {
  WARREN_ASSERT(is_trying());
  if (state_ == ReservationState::kRenewing) failures_ = 0;
  grant_ = std::move(grant);
  state_ = ReservationState::kHeld;
  if (hung_up_ || !held_since_) held_since_ = now;
  hung_up_ = false;
  ever_held_ = true;
  missed_since_.reset();
  error_.clear();
  due_ = now + (grant_.expires - now) / 2;
}

void ReservationLife::failed(std::error_code error, Instant now, double jitter, Duration backoff_max) {
  WARREN_ASSERT(is_trying());
  const bool was_lost = std::exchange(hung_up_, false);
  const bool is_over = is_forgery(error) || error == Errc::kProtocolNotSupported;
  const bool still_held =
      state_ == ReservationState::kRenewing && !was_lost && now < grant_.expires && !is_over;
  error_ = error;
  ++failures_;
  due_ = now + backoff(jitter, backoff_max);
  if (still_held) {
    state_ = ReservationState::kHeld;
    return;
  }
  state_ = ReservationState::kBackoff;
  drop(now);
  // It was asked over a connection that was dying; the relay may be there all the same.
  if (was_lost) due_ = now;
}

void ReservationLife::lost(Instant now, double jitter, Duration backoff_max) {
  if (state_ == ReservationState::kRenewing) {
    hung_up_ = true;  // the try under way ends by itself
    if (!missed_since_) missed_since_ = now;
    return;
  }
  if (state_ != ReservationState::kHeld) return;
  const bool stable = held_since_ && now - *held_since_ >= kStableTime;
  error_ = make_error_code(Errc::kClosed);
  drop(now);
  if (stable) {
    failures_ = 0;
    state_ = ReservationState::kWanted;
    due_ = now;
    return;
  }
  ++failures_;
  state_ = ReservationState::kBackoff;
  due_ = now + backoff(jitter, backoff_max);
}

void ReservationLife::hope(Instant now) {
  if (state_ == ReservationState::kBackoff) due_ = std::min(due_, now);
}

void ReservationLife::doubt(Instant now) {
  if (state_ == ReservationState::kHeld) due_ = now;
}

void ReservationLife::tick(Instant now) {
  if (state_ != ReservationState::kHeld || now < grant_.expires) return;
  state_ = ReservationState::kWanted;
  due_ = now;
  drop(now);
}

ReservationStatus ReservationLife::status(Instant now) const {
  ReservationStatus status{.relay = relay_, .state = state_, .configured = configured_, .error = error_};
  if (is_held(now)) {
    status.held_since = held_since_;
    status.expires = grant_.expires;
    status.limits = grant_.limits;
    status.addresses = grant_.addresses;
  }
  if (state_ == ReservationState::kBackoff) status.next_try = due_;
  return status;
}

}  // namespace warren::relay
