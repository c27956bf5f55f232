// Over which connection a conversation goes: the best one, unless its relay's limits leave too little for it.
// Then another one, if there is any; else the caller is told at once what it would take.
#pragma once

#include "warren/messaging/options.hpp"
#include "warren/messaging/parts.hpp"

namespace warren {

// What an envelope is larger than its body, as we make them: header, signature, and a long network name.
inline constexpr std::size_t kEnvelopeOverhead = 512;

// What a conversation takes up at least, each way, in bytes of its stream.
struct PathNeed {
  std::uint64_t send = 0;
  std::uint64_t receive = 0;
};

// The same with what securing and multiplexing add on the circuit.
std::uint64_t on_circuit(std::uint64_t stream_bytes);

// Whether so much fits into what is left of the connection, beside what others are about to send over it;
// always true of direct ones.
bool carries(const MessagingParts& parts, const Connection& connection, const PathNeed& need);

// What a relay's limits leave of this connection, in a sentence; for errors. Precondition: it has a budget.
std::string describe_budget(const Connection& connection, Instant now);

// kLimitedByBudget: what is needed, and what there is. Precondition: it has a budget.
[[noreturn]] void throw_limited(const Connection& connection, const PathNeed& need, Instant now);

// Takes up what so many bytes need, for as long as the lease lives.
PathUse::Lease promise(MessagingParts& parts, const Connection& connection, std::uint64_t stream_bytes);

struct Path {
  ConnectionPtr connection;
  PathUse::Lease lease;  // destroyed before the connection is
};

// A connection over which that much fits: an open one, or a direct one if that can be made (what a policy of
// kAny takes first is what is open), or a new circuit in the place of one that is too far used. That one is
// closed when no conversation goes over it any more, which is waited for. Throws what Host::connect_over
// throws; and kLimitedByBudget, with the bytes that are needed and that there are in what(), when no circuit
// of this kind could do.
Task<Path> find_path(MessagingParts& parts, PeerInfo to, CallOptions options, PathNeed need);

}  // namespace warren
