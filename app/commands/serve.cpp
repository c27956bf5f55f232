// `warren serve NAME --exec CMD`: several workers, each of which takes a request, runs the command, and
// answers.
#include <fmt/format.h>

#include <csignal>
#include <cstdio>
#include <mutex>
#include <thread>

#include "app/child_process.hpp"
#include "app/commands/commands.hpp"
#include "app/control_client.hpp"
#include "app/payload.hpp"
#include "app/seconds.hpp"
#include "app/stop_flag.hpp"
#include "app/text.hpp"

namespace warren::app {
namespace {

class Service {
 public:
  Service(const ServeOptions& options, ServeStream& stream, const StopFlag& stop)
      : options_(options), stream_(stream), stop_(stop) {}

  // Returns when everything is to end.
  void run() {
    std::vector<std::thread> workers;
    for (unsigned i = 0; i < options_.jobs; ++i) workers.emplace_back([this] { work(); });
    if (stop_.wait()) stream_.cancel();
    for (std::thread& worker : workers) worker.join();
  }

 private:
  void work() {
    v1::ServeOutput output;
    while (next(output)) {
      if (output.has_call()) answer(*output.mutable_call());
      output.Clear();  // 16 MiB at most, and the next call may be far off
    }
    stop_.raise();
  }

  // Whoever is free takes the next request; the others wait in the daemon.
  bool next(v1::ServeOutput& output) {
    const std::lock_guard lock(reading_);
    return stream_.read(output);
  }

  void answer(const v1::ServeOutput::Call& call) {
    const auto begin = std::chrono::steady_clock::now();
    ShellOutcome outcome =
        run_shell(ShellCommand{.command = options_.command,
                               .environment = {"WARREN_SERVICE=" + options_.name,
                                               "WARREN_FROM_NODE_ID=" + call.from_node_id(),
                                               "WARREN_FROM_PEER_ID=" + call.from_peer_id()},
                               .time_limit = to_milliseconds(options_.time_limit_seconds),
                               .output_max = options_.size_limit},
                  call.payload(), stop_.descriptor());
    const auto took = std::chrono::steady_clock::now() - begin;

    const std::string result = outcome.failure.empty() ? size_text(outcome.output.size()) : outcome.failure;
    fmt::print(stderr, "{} from {}: {} -> {}, {}\n", options_.name, call.from_node_id(),
               size_text(call.payload().size()), result,
               duration_text(std::chrono::duration_cast<std::chrono::milliseconds>(took).count()));
    v1::ServeInput input;
    input.mutable_answer()->set_call(call.call());
    if (outcome.failure.empty()) {
      input.mutable_answer()->set_payload(std::move(outcome.output));
    } else {
      input.mutable_answer()->set_failure(std::move(outcome.failure));
    }
    const std::lock_guard lock(writing_);
    stream_.write(input);
  }

  const ServeOptions& options_;
  ServeStream& stream_;
  const StopFlag& stop_;
  std::mutex reading_;
  std::mutex writing_;
};

}  // namespace

ExitStatus run_serve(const ServeOptions& options) {
  require_service_name(options.name);
  const StopFlag stop;
  std::signal(SIGPIPE, SIG_IGN);  // a command may end before it has read all of its input
  ControlClient client(DataDir::choose(options.data_dir));
  const std::unique_ptr<ServeStream> stream = client.serve(options.name);
  fmt::print("Serving {}; Ctrl-C stops it.\n", options.name);
  std::fflush(stdout);
  Service(options, *stream, stop).run();
  stream->finish();
  return ExitStatus::kDone;
}

}  // namespace warren::app
