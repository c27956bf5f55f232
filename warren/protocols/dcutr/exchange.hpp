// The exchange of DCUtR on its stream: B sends CONNECT, A answers with CONNECT, B sends SYNC. Both ends of
// the conversation, without the choice of addresses. The caller sets the time limit; what the peer does
// against the rules is thrown as kMalformed or kTooLarge.
// https://github.com/libp2p/specs/blob/master/relay/DCUtR.md#the-protocol
#pragma once

#include <vector>

#include "warren/core/stream.hpp"
#include "warren/env/clock.hpp"
#include "warren/multiformats/multiaddr.hpp"

namespace warren::dcutr {

// B, which was dialed over the relay, begins: sends its addresses, and gets the peer's and the round trip
// time.
struct Offer {
  std::vector<Multiaddr> heard;  // whatever the peer said
  Duration round_trip_time{};    // from the CONNECT that we sent to the one that came back
};
Task<Offer> exchange_addresses(Clock& clock, ByteStream& stream, std::vector<Multiaddr> told);

// Sends SYNC, ends our half, and tells when it has arrived: half a round trip later. Until then the stream
// must live, else it is reset and SYNC may be lost.
Task<Instant> send_sync(Clock& clock, ByteStream& stream, Duration round_trip_time);

// A, which had dialed: what the peer said.
Task<std::vector<Multiaddr>> hear_addresses(ByteStream& stream);

// Answers with our addresses, waits for SYNC, and tells how long that took: the punch is due at once.
Task<Duration> answer_and_wait(Clock& clock, ByteStream& stream, std::vector<Multiaddr> told);

// The answer of who has nothing to tell, or can try nothing of what it heard: the peer needs no SYNC then.
Task<void> answer_with_nothing(ByteStream& stream);

}  // namespace warren::dcutr
