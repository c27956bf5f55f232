// The two conversations of a client with its relay, each on a stream of its own.
// https://github.com/libp2p/specs/blob/master/relay/circuit-v2.md#hop-protocol
#pragma once

#include "warren/core/stream.hpp"
#include "warren/protocols/relay/message.hpp"

namespace warren::relay {

struct GrantedReservation {
  Reservation reservation;
  CircuitLimits limits;
};

// Both throw what the relay's status means (error_of), kRelayFailed for an answer that makes no sense to us,
// kMalformed, kTooLarge, and what the stream does. The caller sets the time limit.
Task<GrantedReservation> ask_for_reservation(ByteStream& stream);

// What the stream carries from then on is the circuit's, of which not a byte was read.
Task<CircuitLimits> ask_for_circuit(ByteStream& stream, PeerId peer);

}  // namespace warren::relay
