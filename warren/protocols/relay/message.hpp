// The messages of circuit relay v2: HopMessage between a client and its relay, StopMessage between the relay
// and who is reached through it. https://github.com/libp2p/specs/blob/master/relay/circuit-v2.md#protobuf
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "warren/base/bytes.hpp"
#include "warren/crypto/peer_id.hpp"
#include "warren/multiformats/multiaddr.hpp"
#include "warren/protocols/relay/circuit_limits.hpp"

namespace warren::relay {

// What either side reads; go-libp2p reads no more. Encoders keep below it.
inline constexpr std::size_t kMessageSizeMax = 4096;
// Addresses in one message; further ones are ignored, and so are those that are no multiaddrs.
inline constexpr std::size_t kMessageAddressesMax = 32;

// Any number may come; those that are not listed read as failures.
enum class Status : std::uint32_t {
  kUnused = 0,
  kOk = 100,
  kReservationRefused = 200,
  kResourceLimitExceeded = 201,
  kPermissionDenied = 202,
  kConnectionFailed = 203,
  kNoReservation = 204,
  kMalformedMessage = 400,
  kUnexpectedMessage = 401,
};

// "RESERVATION_REFUSED"..., as the specification names them; "UNKNOWN" for a number it does not.
std::string_view to_string(Status status);
// What a relay's answer means to who asked: kReservationRefused, kRelayFull (RESOURCE_LIMIT_EXCEEDED),
// kRelayDenied, kNoReservation, kRelayFailed for all others. kOk for kOk.
Errc error_of(Status status);

struct Peer {
  PeerId id;
  std::vector<Multiaddr> addresses;
  bool operator==(const Peer&) const = default;
};

struct Reservation {
  std::uint64_t expires = 0;         // Unix time, seconds
  std::vector<Multiaddr> addresses;  // the relay's, with its /p2p, without /p2p-circuit
  Bytes voucher;                     // a sealed Voucher; advisory, may be empty
  bool operator==(const Reservation&) const = default;
};

// A message without a type reads as its first type, as go-libp2p reads it. A `limit` without any limit is not
// written, and what is absent reads as no limit.
struct HopMessage {
  enum class Type : std::uint32_t { kReserve = 0, kConnect = 1, kStatus = 2 };

  Type type = Type::kReserve;
  std::optional<Peer> peer;                // of kConnect: whom to reach
  std::optional<Reservation> reservation;  // of a kStatus that grants one
  CircuitLimits limit;
  std::optional<Status> status;
  bool operator==(const HopMessage&) const = default;
};

struct StopMessage {
  enum class Type : std::uint32_t { kConnect = 0, kStatus = 1 };

  Type type = Type::kConnect;
  std::optional<Peer> peer;  // of kConnect: who comes
  CircuitLimits limit;
  std::optional<Status> status;
  bool operator==(const StopMessage&) const = default;
};

Bytes encode(const HopMessage& message);
Bytes encode(const StopMessage& message);

// kMalformed: not such a message, of a type that nobody knows, or with a peer whose ID is missing or no
// PeerID. What belongs to another type is read and left to the caller.
Result<HopMessage> decode_hop(BytesView bytes);
Result<StopMessage> decode_stop(BytesView bytes);

}  // namespace warren::relay
