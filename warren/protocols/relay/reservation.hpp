// The life of one reservation as a state machine, pure: when to ask, when to ask again, and when circuits
// come through it. It never ends by itself: what is lost is wanted, and what failed is tried again.
//
//   WANTED --begin--> RESERVING --granted--> HELD --begin--> RENEWING --granted--> HELD
//                         |                    |                 |
//                       failed            lost, expired        failed: held until it expires
//                         v                    v
//                      BACKOFF            WANTED (BACKOFF if it was held for a moment only)
#pragma once

#include "warren/protocols/relay/reservation_status.hpp"

namespace warren::relay {

// After a failure; twice as long each time, by chance up to a quarter less, so that those who lost a relay
// together do not come back together.
inline constexpr Duration kBackoffMin = 1s;
inline constexpr Duration kBackoffMax = 60s;
// A reservation that was lost within this time is a failure: relays that grant and hang up are not asked all
// the time.
inline constexpr Duration kStableTime = 30s;

// What a relay has granted.
struct Grant {
  Instant expires{};
  CircuitLimits limits{};
  std::vector<Multiaddr> addresses{};  // ours: /.../p2p/RELAY/p2p-circuit
};

// Whether the relay has lied: its voucher is forged, for somebody else (kBadSignature), or has expired
// (kNotValidNow).
bool is_forgery(std::error_code error);

class ReservationLife {
 public:
  // Wanted, and due at once.
  ReservationLife(PeerId relay, bool configured, Instant now);

  const PeerId& relay() const { return relay_; }
  bool is_configured() const { return configured_; }
  ReservationState state() const { return state_; }
  // Circuits come through it.
  bool is_held(Instant now) const;
  bool was_ever_held() const { return ever_held_; }
  // An answer is waited for.
  bool is_trying() const;
  // When the next try should begin, or what was held is over; Instant::max() while one is under way.
  Instant due() const;
  // When the try under way, or the last one, began.
  Instant tried_at() const { return tried_at_; }
  // Since when it is not held; nothing while it is.
  std::optional<Instant> missed_since() const { return missed_since_; }
  const Grant& grant() const { return grant_; }

  // A try begins. Precondition: none is under way.
  void begin(Instant now);
  void granted(Grant grant, Instant now);
  // `jitter`: from 0 to 1. `backoff_max`: less than kBackoffMax when there is nothing else.
  void failed(std::error_code error, Instant now, double jitter, Duration backoff_max = kBackoffMax);
  // The connection to the relay has ended, and with it what was held.
  void lost(Instant now, double jitter, Duration backoff_max = kBackoffMax);
  // The relay was heard of, or the network is another one: what waits is due at once.
  void hope(Instant now);
  // What is held may not be any more (another connection, a clock that jumped): asks the relay.
  void doubt(Instant now);
  // What has expired is wanted.
  void tick(Instant now);

  // Without the round trip, which others know.
  ReservationStatus status(Instant now) const;

 private:
  Duration backoff(double jitter, Duration backoff_max) const;
  void drop(Instant now);

  PeerId relay_;
  bool configured_;
  ReservationState state_ = ReservationState::kWanted;
  Instant due_;
  Instant tried_at_;
  std::optional<Instant> missed_since_;
  std::optional<Instant> held_since_;
  Grant grant_;
  std::uint32_t failures_ = 0;  // in a row
  bool ever_held_ = false;
  bool hung_up_ = false;  // while it was renewed
  std::error_code error_;
};

}  // namespace warren::relay
