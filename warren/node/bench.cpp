#include "warren/node/bench.hpp"

namespace warren {

Task<BenchReport> bench(Env& env, ConnectionPtr connection, perf::MeasurePlan plan, OnBench on_progress) {
  BenchReport report{connection->remote_peer(), connection->remote_address(), {}};
  const perf::OnMeasured tell = [&report, &on_progress](const perf::Measurement& so_far) {
    report.measured = so_far;
    if (on_progress) on_progress(report);
  };
  report.measured = co_await perf::measure(env, connection, plan, tell);
  co_return report;
}

}  // namespace warren
