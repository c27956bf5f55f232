// What travels between simulated machines.
#pragma once

#include <algorithm>
#include <cstdint>

#include "warren/env/datagram_socket.hpp"
#include "warren/env/endpoint.hpp"
#include "warren/env/stream_end.hpp"

namespace warren::sim {

// What systems set unless they are asked for less.
inline constexpr std::uint8_t kHopLimit = 64;

struct Packet {
  enum class Kind {
    kConnect,   // SYN
    kAccept,    // SYN and ACK
    kAccepted,  // the ACK of that
    kSegment,   // all the others of TCP
    kDatagram,  // of UDP
  };

  Endpoint from;
  Endpoint to;
  std::uint64_t connection =
      0;  // stands for the sequence numbers: an old connection's packets do not fit a new one
  Kind kind = Kind::kSegment;
  Segment segment;             // of kSegment
  Bytes payload = {};          // of kDatagram
  Ecn ecn = Ecn::kNotCapable;  // of kDatagram
  // Over whose links it travels: the public network's, 0, or those behind the router of that number.
  std::uint32_t network = 0;
  std::uint8_t hops = kHopLimit;  // the router that takes the last one off drops it
};

// The headers of a datagram in front of its payload.
inline std::size_t datagram_overhead(const IpAddress& to) {
  return (to.is_v4() ? 20 : 40) + 8;
}

// The bytes on the line. A segment may be longer than any packet, and counts as several.
inline std::size_t size_on_line(const Packet& packet) {
  if (packet.kind == Packet::Kind::kDatagram) {
    return datagram_overhead(packet.to.address) + packet.payload.size();
  }
  constexpr std::size_t kPacketPayload = 1440;
  const std::size_t size = packet.segment.bytes.size();
  const std::size_t packets = std::max<std::size_t>((size + kPacketPayload - 1) / kPacketPayload, 1);
  return packets * (packet.to.address.is_v4() ? 40 : 60) + size;
}

}  // namespace warren::sim
