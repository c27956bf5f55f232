// Every bound of a yamux connection, in one place, each with its reason.
#pragma once

#include <cstddef>
#include <cstdint>

#include "warren/base/time.hpp"

namespace warren::yamux {

// Of each stream and direction, before any window update ("Flow Control"). Not a choice.
inline constexpr std::uint32_t kInitialWindow = 256 * 1024;

struct Limits {
  // --- memory ---

  // A stream's receive window grows up to here: 1 Gbit/s over a round trip of 130 ms. go has the same.
  std::uint32_t window_max = 16 * 1024 * 1024;
  // All that the windows of one connection grow beyond the initial one, together: one stream at window_max,
  // or many at less.
  std::uint64_t window_growth_max = 16 * 1024 * 1024;
  // Bytes received and not read yet, all streams together; the stream whose data exceeds it is reset. Every
  // peer may fill the initial window of every stream, so the windows alone would allow 512 MiB. What is
  // granted on purpose has room: all growth, and the initial windows of 256 streams that nobody reads (the
  // specification's ACK backlog).
  std::size_t unread_max = 80 * 1024 * 1024;
  // What a connection may hold even when all connections of the node together are over their limit.
  std::size_t unread_reserve = 512 * 1024;
  // Data frames waiting for the pipe to take them, above which write() waits. Two of these buffers exist
  // while the pipe is busy. With a KiB left for other frames this makes a batch of two full Noise records (2
  // * 65,519 bytes).
  std::size_t outgoing_max = 127 * 1024;
  // Answers to the peer's frames (pongs, resets and so on) waiting for the pipe: 5,461 of them. A peer that
  // asks more without reading is dropped (CVE-2024-32984).
  std::size_t control_max = 64 * 1024;

  // --- streams ---

  // Opened by the peer and alive, or held by a handler; further ones are reset. go-libp2p's default for a
  // connection without configuration is of this order, and no protocol needs a tenth.
  std::size_t inbound_streams_max = 1024;
  // Opened by the peer and not accepted yet; further ones are reset. The specification's number ("ACK
  // backlog").
  std::size_t accept_backlog_max = 256;
  // Opened by us and not acknowledged yet; open_stream refuses further ones, because the peer would reset
  // them.
  std::size_t unacknowledged_max = 256;
  // Payload of one data frame: how long the other streams wait for their turn. go has the same.
  std::size_t frame_size_max = 64 * 1024;

  // --- time ---

  // How often the round trip is measured, and a silent peer is asked for a sign of life. go has the same.
  Duration ping_interval = 30s;
  // A peer from which nothing at all comes for so long after a ping is dead. go has the same.
  Duration silence_max = 10s;
  // A peer that sends but leaves a ping unanswered for so long does not read what we send.
  Duration pong_max = 60s;
  // What close() may take for the last bytes to leave and the peer to end its side.
  Duration close_max = 1s;
  // After so long without data a stream's grown window is given up.
  Duration window_idle = 5s;
  // Round trips below this are measured as this when windows are tuned: on a fast local link, scheduling and
  // not the wire decides how long the other end takes to answer.
  Duration round_trip_min = 500us;
};

}  // namespace warren::yamux
