// Every bound of a QUIC connection, in one place, each with its reason.
#pragma once

#include <cstddef>
#include <cstdint>

#include "warren/base/time.hpp"

namespace warren::quic {

struct Limits {
  // --- memory ---

  // What a peer may send on a stream, and on a connection, before we have read any of it. go-libp2p has the
  // same for a stream; the connection's is larger than a stream's, so that one that nobody reads leaves room.
  std::uint64_t stream_window = 512 * 1024;
  std::uint64_t connection_window = 2 * 1024 * 1024;
  // Windows are doubled up to here while they are used up within two round trips: 1 Gbit/s over 130 ms.
  std::uint64_t stream_window_max = 16 * 1024 * 1024;
  std::uint64_t connection_window_max = 24 * 1024 * 1024;
  // What a connection may hold unread even when all of the node's together hold too much. Then the stream
  // that gets more is reset.
  std::size_t unread_reserve = 512 * 1024;
  // Bytes that a stream holds for its first transmission, above which write() waits: enough for two batches.
  std::size_t unsent_max = 128 * 1024;
  // Bytes that a stream holds in all, those sent and not acknowledged included, whatever window the peer
  // gives: what a path of 1 Gbit/s and 130 ms has in flight.
  std::size_t unacknowledged_max = 16 * 1024 * 1024;

  // Bytes that the QUIC library may hold for a connection: what arrived out of order, at most a window, and
  // what it remembers of each packet that is on its way.
  std::size_t library_memory_max = 40 * 1024 * 1024;

  // Of a token for the next connection: a larger one is not kept. Others give less than 200 bytes.
  std::size_t token_size_max = 512;

  // --- streams ---

  // Opened by the peer and alive, or held by a handler. QUIC tells the peer, which waits. go-libp2p has the
  // same.
  std::uint64_t inbound_streams_max = 256;

  // --- time ---

  // What a dial takes for the round trip time before it has measured one: three times this passes before the
  // first packet is sent again, then twice as long, and so on. RFC 9002 proposes 333 ms; but a first packet
  // that a NAT on the other side has dropped is worth nothing, and to be punched within seconds is worth a
  // packet too many on long ways.
  Duration dial_round_trip = 100ms;
  // go-libp2p has the same.
  Duration handshake_max = 10s;
  // Without a packet for so long the connection has ended. The peer's number counts if it is smaller.
  Duration idle_max = 60s;
  // A connection that was silent for so long asks for a sign of life, which keeps it and the NAT mappings on
  // its way: those live for 30 s and more.
  Duration keepalive = 15s;

  // --- packets ---

  // Payload of the largest datagram: Ethernet's 1500 without IPv6 and UDP. Path MTU discovery tries the
  // library's own table up to here, whose last entry is 1444: the other 8 bytes would save 0.6 % of the
  // packets.
  std::size_t datagram_max = 1452;
  // Of the datagrams that are handed out together: what UDP_SEGMENT takes.
  std::size_t batch_max = 64 * 1000;
  std::size_t batch_datagrams_max = 48;
};

}  // namespace warren::quic
