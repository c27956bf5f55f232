// Packets for the tests of the router, with the checksums that a host would give them.
#pragma once

#include <algorithm>
#include <string_view>

#include "test/net/packet.hpp"

namespace warren::net {

inline Endpoint at(std::string_view address, std::uint16_t port) {
  return {*IpAddress::parse(address), port};
}

inline void put(Bytes& bytes, std::size_t where, std::size_t value) {
  bytes[where] = static_cast<std::uint8_t>(value >> 8);
  bytes[where + 1] = static_cast<std::uint8_t>(value);
}

inline Bytes ip_packet(const IpAddress& from, const IpAddress& to, std::uint8_t protocol,
                       const Bytes& transport) {
  const bool v4 = from.is_v4();
  Bytes packet(v4 ? 20 : 40);
  packet[0] = v4 ? 0x45 : 0x60;
  put(packet, v4 ? 2 : 4, transport.size() + (v4 ? 20 : 0));
  packet[v4 ? 9 : 6] = protocol;
  packet[v4 ? 8 : 7] = 64;
  std::ranges::copy(from.bytes(), packet.begin() + (v4 ? 12 : 8));
  std::ranges::copy(to.bytes(), packet.begin() + (v4 ? 16 : 24));
  if (v4) put(packet, 10, 0xffff & ~sum_of(packet));
  append(packet, transport);
  return packet;
}

// The sum that is 0xffff when the transport's checksum is right.
inline std::uint32_t transport_sum(BytesView packet) {
  const bool v4 = packet[0] >> 4 == 4;
  const std::size_t header = v4 ? std::size_t{packet[0] & 15u} * 4 : 40;
  const std::uint8_t protocol = packet[v4 ? 9 : 6];
  const BytesView transport = packet.subspan(header);
  std::uint32_t sum = 0;
  if (protocol != 1) {
    sum = sum_of(packet.subspan(v4 ? 12 : 8, v4 ? 8 : 32),
                 protocol + static_cast<std::uint32_t>(transport.size()));
  }
  return sum_of(transport, sum);
}

inline Bytes with_checksum(Bytes packet, std::size_t within) {
  const std::size_t header = packet[0] >> 4 == 4 ? 20 : 40;
  put(packet, header + within, 0xffff & ~transport_sum(packet));
  return packet;
}

inline Bytes udp(const Endpoint& from, const Endpoint& to, std::string_view text = "hello") {
  Bytes datagram(8);
  put(datagram, 0, from.port);
  put(datagram, 2, to.port);
  put(datagram, 4, 8 + text.size());
  append(datagram, as_bytes(text));
  return with_checksum(ip_packet(from.address, to.address, 17, datagram), 6);
}

inline constexpr std::uint8_t kSynFlag = 2, kAckFlag = 16, kRstFlag = 4;

inline Bytes tcp(const Endpoint& from, const Endpoint& to, std::uint8_t flags, std::string_view text = "") {
  Bytes segment(20);
  put(segment, 0, from.port);
  put(segment, 2, to.port);
  put(segment, 4, 0x1234);  // the sequence number is 0x12345678
  put(segment, 6, 0x5678);
  segment[12] = 5 << 4;
  segment[13] = flags;
  append(segment, as_bytes(text));
  return with_checksum(ip_packet(from.address, to.address, 6, segment), 16);
}

inline Bytes icmp(const IpAddress& from, const IpAddress& to, std::uint8_t type, std::uint8_t code,
                  std::uint16_t identifier, BytesView rest = {}) {
  Bytes message(8);
  message[0] = type;
  message[1] = code;
  put(message, 4, identifier);
  append(message, rest);
  return with_checksum(ip_packet(from, to, from.is_v4() ? 1 : 58, message), 2);
}

inline bool checksums_are_right(BytesView packet) {
  const bool v4 = packet[0] >> 4 == 4;
  return (!v4 || sum_of(packet.first(20)) == 0xffff) && transport_sum(packet) == 0xffff;
}

}  // namespace warren::net
