// One conversation with a relay: asks for a reservation and checks what it grants.
// https://github.com/libp2p/specs/blob/master/relay/circuit-v2.md#reservation
#pragma once

#include "warren/core/host.hpp"
#include "warren/protocols/relay/message.hpp"
#include "warren/protocols/relay/reservation.hpp"

namespace warren::relay {

// So far a relay's clock and ours may be apart.
inline constexpr Duration kClockSkewMax = 5min;
// What a relay grants is taken to last at least and at most so long, whatever its clock says.
inline constexpr Duration kGrantLifeMin = 1min;
inline constexpr Duration kGrantLifeMax = 24h;
// Addresses of ours through one relay; peers need one that works.
inline constexpr std::size_t kAddressesPerRelayMax = 4;

// What a granted reservation is worth at `now`. kBadSignature: the voucher is forged, or speaks of others;
// kNotValidNow: it has expired; kNoAddresses: nobody could find us through this relay.
Result<Grant> check_reservation(const Reservation& reservation, const CircuitLimits& limits,
                                const Connection& connection, const PeerId& own, bool private_networks,
                                Instant now, WallTime wall_now);

// Over a direct connection. Throws what check_reservation() fails with, kReservationRefused, kRelayDenied,
// kRelayFull, kRelayFailed, kProtocolNotSupported... Cancelable; the caller sets the time limit.
Task<Grant> reserve(Host& host, ConnectionPtr relay, bool private_networks);

}  // namespace warren::relay
