// Perf: how fast bytes go to a peer and come back. The client says how many it wants, as 8 bytes big-endian,
// sends what it has to send and ends its half; then the server sends what was asked for, and ends.
// https://github.com/libp2p/specs/blob/master/perf/perf.md
#pragma once

#include <functional>

#include "warren/core/host.hpp"

namespace warren::perf {

inline constexpr std::string_view kProtocol = "/perf/1.0.0";

// Bytes of one read or write; what a run holds in memory.
inline constexpr std::size_t kChunkSize = 64 * 1024;
// A run in which no chunk gets through for so long is given up, on both sides. How long a run takes, and how
// many bytes, is the client's choice.
inline constexpr Duration kIdleTimeout = 20s;

struct Plan {
  std::uint64_t upload_bytes = 0;
  std::uint64_t download_bytes = 0;  // up to 2^64 - 1
  // The first chunk that gets through later than this is the last one of its direction.
  std::optional<Duration> time_max;
};

struct Progress {
  std::uint64_t uploaded = 0;    // taken over by the layer below
  std::uint64_t downloaded = 0;  // read
  bool operator==(const Progress&) const = default;
};

// Called after each chunk, between two of them: it must be quick.
using OnProgress = std::function<void(const Progress&)>;

struct Report {
  Progress bytes;       // less than planned only when the time was over
  Duration upload{};    // from the beginning until the server, which has read all, begins to answer
  Duration download{};  // from then to the end
};

// Serves one run. The handler for kProtocol. Throws kTimedOut, or what the stream does.
Task<void> answer(Clock& clock, StreamPtr stream);

// One run on an open stream, at the end of which the stream has ended or, when the time was over first, is
// reset. Throws kEndOfStream when the server sends too little, kMalformed when it sends too much, kTimedOut,
// or what the stream does. Cancelable: reset the stream then.
Task<Report> run(Clock& clock, ByteStream& stream, Plan plan, OnProgress on_progress = {});

// The same on a stream of its own, whose opening counts. A peer that does not serve runs is
// kProtocolNotSupported to a run without an upload (which measures the round trip, and is a good one to begin
// with); to others it may be kReset, because it resets the stream while they send.
Task<Report> run(Clock& clock, ConnectionPtr connection, Plan plan, OnProgress on_progress = {});

// Serves runs. Off unless the owner of the node wants it: anybody can have it send without end.
void serve(Host& host);

}  // namespace warren::perf
