// The messages of /warren/punch/1.0.0, each behind its varint length, on a stream of a relayed connection.
// One conversation a stream; docs/wire.md, "Punch".
//
//   POSITION  -> POSITION             where either side stands behind NATs
//   SPRAY     -> SPRAY | REFUSED      the two roles; then sockets and probes, until either side says END
//   BEGIN     -> OK | REFUSED         asks the other side to begin a DCUtR round, or a spray
//
//   message   field 1  varint  type: 1 POSITION, 2 SPRAY, 3 BEGIN, 4 OK, 5 REFUSED, 6 END
//             field 2  bytes   of POSITION and SPRAY: see below
//             field 3  bytes   of REFUSED and END: the reason, such as "LIMITED_BY_BUDGET"; END without one:
//                              there is a direct path
//   position  field 1  varint  1: nothing comes back over UDP
//             field 2  varint  mapping: 0 unknown, 1 none, 2 endpoint-independent, 3 dependent
//             field 3  varint  filtering: 0 unknown, 1 open, 2 address, 3 address and port
//             field 4  varint  ports of new mappings: 0 unknown, 1 sequential, 2 random
//             field 5  bytes   a multiaddr where I may be met (repeated), the most promising first
//             field 6  bytes   a multiaddr within my own network (repeated)
//             field 7  bytes   an IP as which others see me, 4 or 16 bytes (repeated)
//             field 8  varint  policy: 1: relayed paths only
//   spray     field 1  varint  role of who says it: 1 opens sockets (the hard NAT), 2 sends probes
//             field 2  bytes   16 random bytes; both sides' make the secret of the probes (probe.hpp)
//             field 3  bytes   as which IP others see me
//             field 4  varint  role 2: and the port, of QUIC
#pragma once

#include <array>
#include <variant>

#include "warren/core/relay_reason.hpp"
#include "warren/protocols/spray/peer_position.hpp"

namespace warren::spray {

inline constexpr std::string_view kProtocol = "/warren/punch/1.0.0";

inline constexpr std::size_t kMessageSizeMax = 4096;
// Of a position; what is over is left out, by who writes and who reads.
inline constexpr std::size_t kAddressesMax = 16;
inline constexpr std::size_t kLocalMax = 8;
inline constexpr std::size_t kOutsideMax = 4;

enum class Role : std::uint8_t {
  kOpens = 1,   // the hard side: opens many sockets
  kProbes = 2,  // sends to many ports
};

using Token = std::array<std::uint8_t, 16>;

struct Spray {
  Role role = Role::kOpens;
  Token token{};
  Endpoint seen;  // kOpens: the port is 0

  bool operator==(const Spray&) const = default;
};

struct Begin {
  bool operator==(const Begin&) const = default;
};
struct Ok {
  bool operator==(const Ok&) const = default;
};
struct Refused {
  std::optional<RelayReason> reason{};  // nothing: one that we do not know

  bool operator==(const Refused&) const = default;
};
struct End {
  bool direct = true;                   // there is a direct path
  std::optional<RelayReason> reason{};  // else; nothing: one that we do not know

  bool operator==(const End&) const = default;
};

using Message = std::variant<PeerPosition, Spray, Begin, Ok, Refused, End>;

// Without the length.
Bytes encode(const Message& message);

// kMalformed, kTruncated, kTooLarge; kUnsupported for a type that we do not know. Values of an enumeration
// that we do not know are read as unknown, and addresses that nobody can read are left out.
Result<Message> decode(BytesView bytes);

}  // namespace warren::spray
