// What travels between the ends of a simulated stream.
#pragma once

#include <cstdint>

#include "warren/base/bytes.hpp"
#include "warren/env/endpoint.hpp"

namespace warren::sim {

struct Segment {
  enum class Kind {
    kConnect,   // SYN
    kAccept,    // SYN and ACK
    kAccepted,  // the ACK of that
    kBytes,
    kEnd,     // FIN
    kCredit,  // the receiver has read so many bytes: window update
    kReset,   // RST
  };
  Kind kind = Kind::kBytes;
  Bytes bytes;             // of kBytes
  std::size_t credit = 0;  // of kCredit
};

// A segment with addresses on it.
struct Packet {
  Endpoint from;
  Endpoint to;
  std::uint64_t connection =
      0;  // stands for the sequence numbers: an old connection's packets do not fit a new one
  Segment segment;
};

}  // namespace warren::sim
