// What travels between simulated machines.
#pragma once

#include <cstdint>

#include "warren/env/endpoint.hpp"
#include "warren/env/stream_end.hpp"

namespace warren::sim {

struct Packet {
  enum class Kind {
    kConnect,   // SYN
    kAccept,    // SYN and ACK
    kAccepted,  // the ACK of that
    kSegment,   // all the others
  };

  Endpoint from;
  Endpoint to;
  std::uint64_t connection =
      0;  // stands for the sequence numbers: an old connection's packets do not fit a new one
  Kind kind = Kind::kSegment;
  Segment segment;  // of kSegment
};

}  // namespace warren::sim
