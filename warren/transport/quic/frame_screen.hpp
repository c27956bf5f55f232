// Looks at the frames of a packet, once it is decrypted and before the QUIC library does, and takes out what
// ngtcp2 0.12.1 is not prepared for. RFC 9000, section 19.
//
//   * A connection ID that came after it was retired is retired again each time that it comes; the second
//   time
//     the library aborts the process. Such frames are blanked.
//   * Connection IDs that a peer gives and retires, without acknowledging that we have, fill a table of 16.
//     When a packet comes from another address while it is full, the library aborts the process. A peer that
//     gives so many is violating the protocol.
//   * A packet may hold hundreds of ACK frames, each of which is worked off. From the second on they are
//     blanked: no peer needs them.
#pragma once

#include <cstdint>

#include "warren/base/bytes.hpp"

namespace warren::quic {

class FrameScreen {
 public:
  // Changes the plaintext of a packet where it must be. False: the connection is to be closed with
  // CONNECTION_ID_LIMIT_ERROR.
  bool inspect(MutableBytes packet);

  // Connection IDs came since everything that we had to say about earlier ones has been acknowledged.
  bool expects_acknowledgement() const { return ids_given_ > 0; }
  // It has been.
  void acknowledged() { ids_given_ = 0; }
  bool violated() const { return violated_; }

 private:
  bool is_known(std::uint64_t sequence);
  bool on_new_connection_id(MutableBytes frame, std::uint64_t sequence, std::uint64_t retire_prior_to);

  std::uint64_t retired_below_ = 0;  // the peer has asked for it
  std::uint64_t last_ = 0;           // the largest number of a connection ID, and
  std::uint64_t known_ = 1;          // which of the 63 before it have come, too: bit by bit
  std::uint32_t ids_given_ = 0;
  bool violated_ = false;
};

}  // namespace warren::quic
