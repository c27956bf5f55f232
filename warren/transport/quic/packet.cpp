#include "warren/transport/quic/packet.hpp"

#include <ngtcp2/ngtcp2_crypto.h>

#include "warren/transport/quic/engine_callbacks.hpp"
#include "warren/transport/quic/socket_address.hpp"

namespace warren::quic {

namespace {

constexpr std::size_t kPacketMax = 1200;  // of what is written here

// A stateless reset looks like a packet of 21 bytes at least (RFC 9000, section 10.3), and is smaller than
// what it answers, so that two hosts don't answer each other forever.
constexpr std::size_t kResetMin = NGTCP2_MIN_STATELESS_RESET_RANDLEN + NGTCP2_STATELESS_RESET_TOKENLEN;
constexpr std::size_t kResetMax = 41;  // larger ones are no better disguised

struct LibraryAddress {
  explicit LibraryAddress(const Endpoint& endpoint) : size(to_library(endpoint, address)) {}
  ngtcp2_sockaddr_union address;
  ngtcp2_socklen size;
};

Bytes shorten(Bytes packet, ngtcp2_ssize size) {
  packet.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
  return packet;
}

}  // namespace

Result<PacketHeader> decode_header(BytesView datagram) {
  if (datagram.empty()) return fail(Errc::kMalformed);
  ngtcp2_version_cid found{};
  const int error =
      ngtcp2_pkt_decode_version_cid(&found, datagram.data(), datagram.size(), kConnectionIdSize);
  if (error != 0 && error != NGTCP2_ERR_VERSION_NEGOTIATION) return fail(Errc::kMalformed);
  if (found.dcidlen > ConnectionId::kSizeMax || found.scidlen > ConnectionId::kSizeMax) {
    return fail(Errc::kUnsupported);
  }
  PacketHeader header;
  header.version = found.version;
  header.known_version = error == 0;
  header.long_header = (datagram.front() & 0x80) != 0;
  header.destination = ConnectionId::from(BytesView(found.dcid, found.dcidlen));
  if (header.long_header) header.source = ConnectionId::from(BytesView(found.scid, found.scidlen));
  return header;
}

Result<FirstPacket> decode_first(BytesView datagram) {
  ngtcp2_pkt_hd header{};
  const int error = ngtcp2_accept(&header, datagram.data(), datagram.size());
  if (error != 0 && error != NGTCP2_ERR_RETRY) return fail(Errc::kMalformed);
  return FirstPacket{.version = header.version,
                     .destination = from_library(header.dcid),
                     .source = from_library(header.scid),
                     .token = to_bytes(BytesView(header.token.base, header.token.len)),
                     .shown = false,
                     .original = std::nullopt};
}

Bytes version_negotiation(const PacketHeader& to, Random& random) {
  constexpr std::array<std::uint32_t, 1> kVersions{NGTCP2_PROTO_VER_V1};
  Bytes packet(kPacketMax);
  const ngtcp2_ssize size = ngtcp2_pkt_write_version_negotiation(
      packet.data(), packet.size(), random.bytes<1>()[0], to.source.bytes.data(), to.source.size,
      to.destination.bytes.data(), to.destination.size, kVersions.data(), kVersions.size());
  return shorten(std::move(packet), size);
}

Bytes retry(const FirstPacket& to, const Endpoint& remote, BytesView secret, Instant now, Random& random) {
  const LibraryAddress address(remote);
  const ngtcp2_cid original = to_library(to.destination);
  const ngtcp2_cid destination = to_library(to.source);
  const ngtcp2_cid source = to_library(ConnectionId::make(random));
  std::array<std::uint8_t, NGTCP2_CRYPTO_MAX_RETRY_TOKENLEN> token;
  const ngtcp2_ssize token_size = ngtcp2_crypto_generate_retry_token(
      token.data(), secret.data(), secret.size(), to.version, &address.address.sa, address.size, &source,
      &original, to_library(now));
  if (token_size < 0) return {};
  Bytes packet(kPacketMax);
  const ngtcp2_ssize size =
      ngtcp2_crypto_write_retry(packet.data(), packet.size(), to.version, &destination, &source, &original,
                                token.data(), static_cast<std::size_t>(token_size));
  return shorten(std::move(packet), size);
}

bool verify_retry_token(FirstPacket& packet, const Endpoint& remote, BytesView secret, Duration age_max,
                        Instant now) {
  if (packet.token.empty() || packet.token.front() != NGTCP2_CRYPTO_TOKEN_MAGIC_RETRY) return false;
  const LibraryAddress address(remote);
  const ngtcp2_cid destination = to_library(packet.destination);
  ngtcp2_cid original{};
  const bool good = ngtcp2_crypto_verify_retry_token(
                        &original, packet.token.data(), packet.token.size(), secret.data(), secret.size(),
                        packet.version, &address.address.sa, address.size, &destination,
                        static_cast<ngtcp2_duration>(age_max.count()), to_library(now)) == 0;
  if (good) {
    packet.original = from_library(original);
    packet.shown = true;
  }
  return good;
}

Bytes address_token(const Endpoint& remote, BytesView secret, Instant now) {
  const LibraryAddress address(remote);
  Bytes token(NGTCP2_CRYPTO_MAX_REGULAR_TOKENLEN);
  const ngtcp2_ssize size = ngtcp2_crypto_generate_regular_token(
      token.data(), secret.data(), secret.size(), &address.address.sa, address.size, to_library(now));
  return shorten(std::move(token), size);
}

bool verify_address_token(FirstPacket& packet, const Endpoint& remote, BytesView secret, Duration age_max,
                          Instant now) {
  if (packet.token.empty() || packet.token.front() != NGTCP2_CRYPTO_TOKEN_MAGIC_REGULAR) return false;
  const LibraryAddress address(remote);
  packet.shown =
      ngtcp2_crypto_verify_regular_token(packet.token.data(), packet.token.size(), secret.data(),
                                         secret.size(), &address.address.sa, address.size,
                                         static_cast<ngtcp2_duration>(age_max.count()), to_library(now)) == 0;
  return packet.shown;
}

Bytes refuse(const FirstPacket& to, std::uint64_t code) {
  const ngtcp2_cid destination = to_library(to.source);
  const ngtcp2_cid source = to_library(to.destination);
  Bytes packet(kPacketMax);
  const ngtcp2_ssize size = ngtcp2_crypto_write_connection_close(packet.data(), packet.size(), to.version,
                                                                 &destination, &source, code, nullptr, 0);
  return shorten(std::move(packet), size);
}

Bytes stateless_reset(const PacketHeader& to, std::size_t datagram_size, BytesView secret, Random& random) {
  if (datagram_size <= kResetMin) return {};
  std::array<std::uint8_t, NGTCP2_STATELESS_RESET_TOKENLEN> token;
  make_reset_token(token.data(), secret, to_library(to.destination));
  Bytes packet(std::min(datagram_size - 1, kResetMax));
  const Bytes noise = [&] {
    Bytes bytes(packet.size() - token.size());
    random.fill(bytes);
    return bytes;
  }();
  const ngtcp2_ssize size = ngtcp2_pkt_write_stateless_reset(packet.data(), packet.size(), token.data(),
                                                             noise.data(), noise.size());
  return shorten(std::move(packet), size);
}

}  // namespace warren::quic
