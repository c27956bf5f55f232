// Measures a connection with perf runs: the round trip first, then down and up, over several streams at once
// when wanted. Each figure is bytes by the time from the first stream's opening to the last one's end, a
// round trip included; what it took to connect is not in it.
#pragma once

#include <optional>

#include "warren/protocols/perf/perf.hpp"

namespace warren::perf {

// Streams that one measurement uses at once; ServerLimits leaves room for them.
inline constexpr std::size_t kStreamsMax = 100;

// When a direction ends: what comes first. At least one is set.
struct Bounds {
  std::optional<std::uint64_t> bytes;  // of all streams together
  std::optional<Duration> time;
};

struct MeasurePlan {
  std::optional<Bounds> download;  // none: not measured
  std::optional<Bounds> upload;
  std::size_t streams = 1;  // at once, 1 to kStreamsMax
};

struct Transfer {
  std::uint64_t bytes = 0;
  Duration time{};

  double bits_per_second() const;  // 0 when no time has passed
};

struct Measurement {
  Duration round_trip_time{};  // the least of some empty runs
  std::optional<Transfer> download;
  std::optional<Transfer> upload;
};

// Called with what is known by then, after the round trip and after each chunk: it must be quick.
using OnMeasured = std::function<void(const Measurement&)>;

// Throws kProtocolNotSupported when the peer does not serve runs to us, and what perf::run() throws.
// Cancelable.
Task<Measurement> measure(Env& env, ConnectionPtr connection, MeasurePlan plan, OnMeasured on_measured = {});

}  // namespace warren::perf
