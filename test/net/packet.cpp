#include "test/net/packet.hpp"

#include <algorithm>
#include <array>

namespace warren::net {

namespace {

using sim::NatProtocol;

constexpr std::uint8_t kIcmp = 1;
constexpr std::uint8_t kTcp = 6;
constexpr std::uint8_t kUdp = 17;
constexpr std::uint8_t kIcmp6 = 58;

constexpr std::size_t kHeader4 = 20;
constexpr std::size_t kHeader6 = 40;
constexpr std::size_t kUdpHeader = 8;
constexpr std::size_t kTcpHeader = 20;
constexpr std::size_t kIcmpHeader = 8;
// Of a quoted packet: ports, and an echo's identifier.
constexpr std::size_t kQuotedMin = 8;

// Within the transport's header.
constexpr std::size_t kUdpChecksum = 6;
constexpr std::size_t kTcpChecksum = 16;
constexpr std::size_t kTcpFlags = 13;
constexpr std::size_t kIcmpChecksum = 2;
constexpr std::size_t kEchoIdentifier = 4;
// Within IPv4's.
constexpr std::size_t kHeaderChecksum = 10;
constexpr std::size_t kTimeToLive = 8;
// Within IPv6's.
constexpr std::size_t kHopLimit = 7;

constexpr std::uint8_t kFin = 1, kSyn = 2, kRst = 4, kAck = 16;

std::uint16_t get16(BytesView bytes, std::size_t at) {
  return static_cast<std::uint16_t>(bytes[at] << 8 | bytes[at + 1]);
}

void put16(MutableBytes bytes, std::size_t at, std::uint16_t value) {
  bytes[at] = static_cast<std::uint8_t>(value >> 8);
  bytes[at + 1] = static_cast<std::uint8_t>(value);
}

std::uint32_t get32(BytesView bytes, std::size_t at) {
  return std::uint32_t{get16(bytes, at)} << 16 | get16(bytes, at + 2);
}

std::uint16_t fold(std::uint32_t sum) {
  while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(sum);
}

// The checksum at `at` when words that it covers change (RFC 1624, equation 3).
void update(MutableBytes packet, std::size_t at, BytesView before, BytesView after) {
  std::uint32_t sum = static_cast<std::uint16_t>(~get16(packet, at));
  for (std::size_t i = 0; i + 1 < before.size(); i += 2) {
    sum += static_cast<std::uint16_t>(~get16(before, i));
    sum += get16(after, i);
  }
  put16(packet, at, static_cast<std::uint16_t>(~fold(sum)));
}

// Both versions' headers, as far as they matter here.
struct Ip {
  IpAddress from;
  IpAddress to;
  std::uint8_t protocol = 0;
  std::size_t header = 0;
  std::size_t size = 0;
};

IpAddress address_at(BytesView packet, std::size_t at, bool v4) {
  return *IpAddress::from_bytes(packet.subspan(at, v4 ? 4 : 16));
}

// `whole`: not where a packet is quoted, which may be cut short.
std::optional<Ip> parse_ip(BytesView packet, bool whole) {
  const auto version = version_of(packet);
  Ip ip;
  if (version == 4 && packet.size() >= kHeader4) {
    ip.header = std::size_t{packet[0] & 15u} * 4;
    ip.size = get16(packet, 2);
    ip.protocol = packet[9];
    const bool fragment = (get16(packet, 6) & 0x3fff) != 0;
    if (fragment || ip.header < kHeader4) return std::nullopt;
    ip.from = address_at(packet, 12, true);
    ip.to = address_at(packet, 16, true);
  } else if (version == 6 && packet.size() >= kHeader6) {
    // Extension headers, and with them fragments, are other protocols to this.
    ip.header = kHeader6;
    ip.size = kHeader6 + get16(packet, 4);
    ip.protocol = packet[6];
    ip.from = address_at(packet, 8, false);
    ip.to = address_at(packet, 24, false);
  } else {
    return std::nullopt;
  }
  if (!whole) ip.size = std::min(ip.size, packet.size());
  if (ip.header > ip.size || ip.size > packet.size()) return std::nullopt;
  return ip;
}

bool is_echo(BytesView icmp, bool v4) {
  const std::uint8_t type = icmp[0];
  return icmp[1] == 0 && (v4 ? type == 8 || type == 0 : type == 128 || type == 129);
}

bool is_error(BytesView icmp, bool v4) {
  const std::uint8_t type = icmp[0];
  return v4 ? type == 3 || type == 11 || type == 12 : type >= 1 && type <= 4;
}

std::optional<Headers> parse_transport(BytesView packet, const Ip& ip, Towards towards, bool whole) {
  Headers headers{.flow = {}, .size = ip.size, .transport = ip.header};
  sim::NatPacket& flow = headers.flow;
  flow.from.address = ip.from;
  flow.to.address = ip.to;
  const BytesView transport = packet.first(ip.size).subspan(ip.header);
  const auto has = [&](std::size_t size) { return transport.size() >= (whole ? size : kQuotedMin); };
  const bool v4 = ip.from.is_v4();
  if ((ip.protocol == kUdp && has(kUdpHeader)) || (ip.protocol == kTcp && has(kTcpHeader))) {
    flow.protocol = ip.protocol == kUdp ? NatProtocol::kUdp : NatProtocol::kTcp;
    flow.from.port = get16(transport, 0);
    flow.to.port = get16(transport, 2);
    if (ip.protocol == kUdp || transport.size() < kTcpHeader) return headers;
    const std::uint8_t flags = transport[kTcpFlags];
    flow.syn = (flags & kSyn) != 0;
    flow.ack = (flags & kAck) != 0;
    flow.fin = (flags & kFin) != 0;
    flow.rst = (flags & kRst) != 0;
    return headers;
  }
  if (ip.protocol == (v4 ? kIcmp : kIcmp6) && has(kIcmpHeader) && is_echo(transport, v4)) {
    flow.protocol = NatProtocol::kIcmpEcho;
    (towards == Towards::kOutside ? flow.from : flow.to).port = get16(transport, kEchoIdentifier);
    return headers;
  }
  return std::nullopt;
}

// Where the transport's checksum is; nothing where there is none, or it was not quoted.
std::optional<std::size_t> checksum_at(BytesView packet, const Headers& headers) {
  std::size_t at = headers.transport + kIcmpChecksum;
  if (headers.flow.protocol == NatProtocol::kUdp) at = headers.transport + kUdpChecksum;
  if (headers.flow.protocol == NatProtocol::kTcp) at = headers.transport + kTcpChecksum;
  if (at + 2 > headers.size) return std::nullopt;
  // A sender over IPv4 may leave UDP's out.
  if (headers.flow.protocol == NatProtocol::kUdp && get16(packet, at) == 0) return std::nullopt;
  return at;
}

// One end of the packet: `before` is what it is now.
void set_end(MutableBytes packet, const Headers& headers, bool source, const Endpoint& before,
             const Endpoint& after) {
  if (before == after || before.address.is_v4() != after.address.is_v4()) return;
  const bool v4 = before.address.is_v4();
  const bool echo = headers.flow.protocol == NatProtocol::kIcmpEcho;
  const auto checksum = checksum_at(packet, headers);
  std::size_t port_at = headers.transport + (source ? 0 : 2);
  if (echo) port_at = headers.transport + kEchoIdentifier;
  std::size_t address_at = v4 ? (source ? 12 : 16) : (source ? 8 : 24);
  if (checksum) {
    std::array<std::uint8_t, 2> port;
    put16(port, 0, after.port);
    update(packet, *checksum, packet.subspan(port_at, 2), port);
    // ICMP's checksum covers no addresses, ICMPv6's does.
    if (!echo || !v4) update(packet, *checksum, before.address.bytes(), after.address.bytes());
    const bool is_none = headers.flow.protocol == NatProtocol::kUdp && get16(packet, *checksum) == 0;
    if (is_none) put16(packet, *checksum, 0xffff);
  }
  put16(packet, port_at, after.port);
  if (v4) update(packet, kHeaderChecksum, before.address.bytes(), after.address.bytes());
  std::ranges::copy(after.address.bytes(), packet.begin() + static_cast<std::ptrdiff_t>(address_at));
}

std::uint32_t pseudo_header(const IpAddress& from, const IpAddress& to, std::uint8_t protocol,
                            std::size_t size) {
  const auto length = static_cast<std::uint32_t>(size);
  std::uint32_t sum = sum_of(to.bytes(), sum_of(from.bytes(), protocol));
  sum += (length >> 16) + (length & 0xffff);
  return sum;
}

std::uint32_t icmp_sum(BytesView packet, const IcmpError& error) {
  const BytesView icmp = packet.first(error.size).subspan(error.icmp);
  const bool v4 = error.from.is_v4();
  return sum_of(icmp, v4 ? 0
                         : pseudo_header(address_at(packet, 8, false), address_at(packet, 24, false), kIcmp6,
                                         icmp.size()));
}

void set_icmp_checksum(MutableBytes packet, const IcmpError& error) {
  put16(packet, error.icmp + kIcmpChecksum, 0);
  const std::uint32_t sum = icmp_sum(packet, error);
  put16(packet, error.icmp + kIcmpChecksum, static_cast<std::uint16_t>(~fold(sum)));
}

void set_error_address(MutableBytes packet, bool source, const IpAddress& before, const IpAddress& after) {
  if (before.is_v4() != after.is_v4()) return;
  const bool v4 = before.is_v4();
  if (v4) update(packet, kHeaderChecksum, before.bytes(), after.bytes());
  const std::ptrdiff_t at = v4 ? (source ? 12 : 16) : (source ? 8 : 24);
  std::ranges::copy(after.bytes(), packet.begin() + at);
}

}  // namespace

std::optional<int> version_of(BytesView packet) {
  if (packet.empty()) return std::nullopt;
  const int version = packet[0] >> 4;
  if (version != 4 && version != 6) return std::nullopt;
  return version;
}

std::uint32_t sum_of(BytesView bytes, std::uint32_t so_far) {
  std::uint32_t sum = so_far;
  for (std::size_t i = 0; i + 1 < bytes.size(); i += 2) {
    sum += get16(bytes, i);
    if ((i & 0x3fff) == 0) sum = fold(sum);
  }
  if (bytes.size() % 2 != 0) sum += std::uint32_t{bytes.back()} << 8;
  return fold(sum);
}

std::optional<Headers> parse(BytesView packet, Towards towards) {
  const auto ip = parse_ip(packet, true);
  if (!ip) return std::nullopt;
  return parse_transport(packet, *ip, towards, true);
}

bool spend_hop(MutableBytes packet) {
  const auto version = version_of(packet);
  if (!version || packet.size() < (*version == 4 ? kHeader4 : kHeader6)) return false;
  std::uint8_t& hops = packet[*version == 4 ? kTimeToLive : kHopLimit];
  if (hops <= 1) return false;
  if (*version == 6) {
    --hops;
    return true;
  }
  const std::array<std::uint8_t, 2> before = {hops, packet[kTimeToLive + 1]};
  --hops;
  update(packet, kHeaderChecksum, before, packet.subspan(kTimeToLive, 2));
  return true;
}

void set_source(MutableBytes packet, const Headers& headers, const Endpoint& source) {
  set_end(packet.first(headers.size), headers, true, headers.flow.from, source);
}

void set_destination(MutableBytes packet, const Headers& headers, const Endpoint& destination) {
  set_end(packet.first(headers.size), headers, false, headers.flow.to, destination);
}

Bytes reset_for(BytesView packet, const Headers& headers) {
  const sim::NatPacket& flow = headers.flow;
  const bool v4 = flow.from.address.is_v4();
  const std::size_t header = v4 ? kHeader4 : kHeader6;
  Bytes reset(header + kTcpHeader);
  reset[0] = v4 ? 0x45 : 0x60;
  put16(reset, v4 ? 2 : 4, static_cast<std::uint16_t>(v4 ? reset.size() : kTcpHeader));
  reset[v4 ? 9 : 6] = kTcp;
  reset[v4 ? kTimeToLive : kHopLimit] = 64;
  std::ranges::copy(flow.to.address.bytes(), reset.begin() + (v4 ? 12 : 8));
  std::ranges::copy(flow.from.address.bytes(), reset.begin() + (v4 ? 16 : 24));
  if (v4) put16(reset, kHeaderChecksum, static_cast<std::uint16_t>(~sum_of(MutableBytes(reset).first(20))));
  put16(reset, header, flow.to.port);
  put16(reset, header + 2, flow.from.port);
  const std::uint32_t acknowledged = get32(packet, headers.transport + 4) + 1;  // the SYN counts as a byte
  put16(reset, header + 8, static_cast<std::uint16_t>(acknowledged >> 16));
  put16(reset, header + 10, static_cast<std::uint16_t>(acknowledged));
  reset[header + 12] = 5 << 4;
  reset[header + kTcpFlags] = kRst | kAck;
  const std::uint32_t pseudo = pseudo_header(flow.to.address, flow.from.address, kTcp, kTcpHeader);
  const std::uint32_t sum = sum_of(BytesView(reset).subspan(header), pseudo);
  put16(reset, header + kTcpChecksum, static_cast<std::uint16_t>(~fold(sum)));
  return reset;
}

std::optional<IcmpError> parse_error(BytesView packet, Towards towards) {
  const auto ip = parse_ip(packet, true);
  if (!ip) return std::nullopt;
  const bool v4 = ip->from.is_v4();
  const BytesView icmp = packet.first(ip->size).subspan(ip->header);
  if (ip->protocol != (v4 ? kIcmp : kIcmp6) || icmp.size() < kIcmpHeader || !is_error(icmp, v4)) {
    return std::nullopt;
  }
  const auto quoted = parse_ip(icmp.subspan(kIcmpHeader), false);
  if (!quoted || quoted->from.is_v4() != v4) return std::nullopt;
  const Towards other = towards == Towards::kInside ? Towards::kOutside : Towards::kInside;
  auto about = parse_transport(icmp.subspan(kIcmpHeader), *quoted, other, false);
  if (!about) return std::nullopt;
  const IcmpError error{.from = ip->from,
                        .to = ip->to,
                        .size = ip->size,
                        .icmp = ip->header,
                        .quoted = ip->header + kIcmpHeader,
                        .about = *about};
  if (fold(icmp_sum(packet, error)) != 0xffff) return std::nullopt;
  return error;
}

void set_error_source(MutableBytes packet, const IcmpError& error, const IpAddress& source,
                      const Endpoint& quoted_destination) {
  set_error_address(packet, true, error.from, source);
  set_destination(packet.subspan(error.quoted), error.about, quoted_destination);
  set_icmp_checksum(packet, error);
}

void set_error_destination(MutableBytes packet, const IcmpError& error, const Endpoint& quoted_source) {
  set_error_address(packet, false, error.to, quoted_source.address);
  set_source(packet.subspan(error.quoted), error.about, quoted_source);
  set_icmp_checksum(packet, error);
}

}  // namespace warren::net
