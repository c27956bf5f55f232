// Packets that belong to no connection, or not yet: which one a datagram is for, and the answers of a server
// that keeps no state (RFC 9000, sections 5.2, 6, 8.1, 10.3; RFC 8999).
#pragma once

#include <optional>

#include "warren/base/time.hpp"
#include "warren/transport/quic/connection_id.hpp"

namespace warren::quic {

// Of tokens and stateless resets; drawn once for each node.
inline constexpr std::size_t kSecretSize = 32;
// A client's first datagram is at least so large, so that nobody is flooded with our answers.
inline constexpr std::size_t kFirstDatagramMin = 1200;

// What every version's packets begin with.
struct PacketHeader {
  std::uint32_t version = 0;  // 0 for a short header, and for version negotiation
  bool known_version = true;
  bool long_header = false;
  ConnectionId destination;
  ConnectionId source;  // long headers only
};

// Of the first packet in the datagram. kMalformed: it is none of QUIC's. A stranger's connection ID of more
// than 20 bytes, which another version may allow, is kUnsupported.
Result<PacketHeader> decode_header(BytesView datagram);

// A client's first packet.
struct FirstPacket {
  std::uint32_t version = 0;
  ConnectionId destination;  // of its choice: random
  ConnectionId source;
  Bytes token;
  bool shown = false;  // the token is one of ours: the client is where it says
  // After a Retry: the destination of the first one, which it answered.
  std::optional<ConnectionId> original;
};

// kMalformed: no connection can begin with it.
Result<FirstPacket> decode_first(BytesView datagram);

// The answers, as datagrams.
Bytes version_negotiation(const PacketHeader& to, Random& random);
// Asks the client to come back with a token, which shows that it is where it says.
Bytes retry(const FirstPacket& to, const Endpoint& remote, BytesView secret, Instant now, Random& random);
// Whether the packet's token is one that retry() gave to this client less than `age_max` ago; then `shown`
// and `original` are set.
bool verify_retry_token(FirstPacket& packet, const Endpoint& remote, BytesView secret, Duration age_max,
                        Instant now);
// For a client that has shown where it is, so that it need not do so the next time (RFC 9000, section 8.1.3).
Bytes address_token(const Endpoint& remote, BytesView secret, Instant now);
// Whether the packet's token is one that address_token() gave to a client at this address, whatever its port,
// less than `age_max` ago; then `shown` is set.
bool verify_address_token(FirstPacket& packet, const Endpoint& remote, BytesView secret, Duration age_max,
                          Instant now);
// Says in an Initial packet that no connection is taken. `code` is the transport's.
Bytes refuse(const FirstPacket& to, std::uint64_t code);
// Smaller than what it answers; empty when that is too small to be answered.
Bytes stateless_reset(const PacketHeader& to, std::size_t datagram_size, BytesView secret, Random& random);

}  // namespace warren::quic
