// A Warren node for the benchmarks; flags and output are those of ../README.md, and the same as go_peer's and
// rust_peer's.

#include <fmt/format.h>
#include <unistd.h>

#include <charconv>

#include "bench/peers/warren/dialer.hpp"
#include "test/interop/line_reader.hpp"
#include "warren/async/cancellation.hpp"
#include "warren/env/real/loop.hpp"

namespace warren::bench {
namespace {

void say(const std::string& line) {
  fmt::print("{}\n", line);
  std::fflush(stdout);
}

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
    std::uint64_t amount = 0;
    std::from_chars(line->data(), line->data() + line->size(), amount);
    const std::string report = co_await dialer.run(amount);
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
  try {
    real::Loop loop;
    loop.run(options->listen ? bench::listen(loop.env(), *options) : bench::dial(loop.env(), *options));
  } catch (const std::exception& error) {
    fmt::print(stderr, "cpp_peer: {}\n", error.what());
    return 1;
  }
}
