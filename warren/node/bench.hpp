// What `Node::bench` measures: how fast bytes come from a peer and go to it, and over which path.
#pragma once

#include "warren/protocols/perf/measure.hpp"

namespace warren {

struct BenchReport {
  PeerId peer_id;
  Multiaddr path;  // the remote end's address
  perf::Measurement measured;
};

// Called in the loop with what is known by then, up to thousands of times a second.
using OnBench = std::function<void(const BenchReport&)>;

Task<BenchReport> bench(Env& env, ConnectionPtr connection, perf::MeasurePlan plan, OnBench on_progress);

}  // namespace warren
