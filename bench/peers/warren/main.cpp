// A Warren node for the benchmarks; flags and output are those of ../README.md, and the same as go_peer's and
// rust_peer's.

#include "bench/pair_program.hpp"
#include "bench/peers/warren/dialer.hpp"
#include "warren/async/cancellation.hpp"

namespace warren::bench {
namespace {

Task<void> answer_lines(Env& env, const Peer& peer) {
  interop::LineReader lines(env.executor, STDIN_FILENO);
  for (;;) {
    const auto line = co_await lines.next();
    if (!line) co_return;
    say(fmt::format(R"({{"connections":{}}})", peer.connections()));
  }
}

Task<void> listen(Env& env, const Options& options) {
  Peer peer(env, options.way);
  say(fmt::format(R"({{"address":"{}"}})", peer.listen(options.listen_address()).to_string()));
  co_await finally(answer_lines(env, peer), peer.close());
}

Task<void> work(Env& env, const Options& options, Dialer& dialer) {
  co_await dialer.start();
  if (!options.each_line) {
    const std::string report = co_await dialer.run(options.amount);
    say(report);
    co_return;
  }
  interop::LineReader lines(env.executor, STDIN_FILENO);
  for (;;) {
    const auto line = co_await lines.next();
    if (!line) co_return;
    const std::string report = co_await dialer.run(number(*line));
    say(report);
  }
}

Task<void> dial(Env& env, const Options& options) {
  Dialer dialer(env, options);
  co_await finally(work(env, options, dialer), dialer.close());
}

}  // namespace
}  // namespace warren::bench

int main(int argc, char** argv) {
  using namespace warren;
  const auto options = bench::read_options({argv + 1, argv + argc});
  if (!options) {
    fmt::print(stderr, "{}", bench::kUsage);
    return 2;
  }
  const auto choose = [&](Env& env) -> std::optional<Task<void>> {
    return options->listen ? bench::listen(env, *options) : bench::dial(env, *options);
  };
  return bench::run("cpp_peer", "", choose);
}
