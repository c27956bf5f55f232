// /endings/1.0.0 (README.md): the ways a stream can end, and what each side sees of them.
#pragma once

#include <cstdint>

#include "warren/core/host.hpp"

namespace warren::interop {

inline constexpr std::string_view kEndingsProtocol = "/endings/1.0.0";

// How many streams ended in which way, as their server saw it.
struct EndingCounts {
  std::int64_t ended = 0;    // the end of the stream, with all that came before it
  std::int64_t stopped = 0;  // a write failed, and then came the rest and the end of the stream
  std::int64_t reset = 0;

  friend bool operator==(const EndingCounts&, const EndingCounts&) = default;
};

// Serves it on the host; `counts` must live as long.
void serve_endings(Host& host, EndingCounts& counts);

// Lets streams end in all the ways there are, and checks that each side sees what the other did; kMalformed
// when not. Cancelable.
Task<void> endings(Env& env, ConnectionPtr connection);

}  // namespace warren::interop
