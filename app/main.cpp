// The `warren` program: parses the command line, runs the command, and turns whatever ended it into one
// sentence and an exit status.
#include <malloc.h>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "app/command_line.hpp"
#include "app/errors.hpp"
#include "app/exit_status.hpp"
#include "app/standard_streams.hpp"

namespace warren::app {
namespace {

int end_with(ExitStatus status, const std::string& sentence) {
  std::fprintf(stderr, "warren: %s\n", sentence.c_str());
  return static_cast<int>(status);
}

std::string help_command(const CLI::App& app) {
  std::string command = "warren";
  for (const CLI::App* at = &app; !at->get_subcommands().empty();) {
    at = at->get_subcommands().front();
    command += " " + at->get_name();
  }
  return command + " --help";
}

// Bodies of up to 16 MiB pass through several hands and threads. From here on each has pages of its own,
// which go back to the system with it; glibc would keep them for the next one, in the arena of every thread.
constexpr int kOwnPagesMin = 1024 * 1024;
// What is smaller comes and goes all the time, as the buffers of busy connections do: giving the top of the
// heap back and asking for it again cost a relay a fifth of its time.
constexpr int kHeapTopKept = 4 * 1024 * 1024;

int run(int argc, char** argv) {
  mallopt(M_MMAP_THRESHOLD, kOwnPagesMin);
  mallopt(M_TRIM_THRESHOLD, kHeapTopKept);
  // The socket's library speaks to people through us.
  setenv("GRPC_VERBOSITY", "NONE", 0);
  CLI::App app("", "warren");
  std::function<ExitStatus()> chosen;
  describe_commands(app, chosen);
  try {
    app.parse(argc, argv);
    return static_cast<int>(chosen());
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);  // --help and --version
    return end_with(ExitStatus::kUsage, std::string(error.what()) + "; see `" + help_command(app) + "`");
  } catch (const Failure& failure) {
    return end_with(failure.status(), failure.what());
  } catch (const std::system_error& error) {
    const ErrorDescription& description = describe(error.code());
    const std::string advice(description.advice);
    return end_with(description.exit_status, sentence_of(error) + (advice.empty() ? "" : "; " + advice));
  } catch (const std::exception& error) {
    return end_with(ExitStatus::kFailed,
                    std::string("internal error: ") + error.what() + "; please report it");
  }
}

}  // namespace
}  // namespace warren::app

// Before the constructors of shared libraries, one of which (gRPC's) opens a file.
[[gnu::section(".preinit_array"),
  gnu::used]] static void (*const kBeforeAll)() = warren::app::open_standard_streams;

int main(int argc, char** argv) {
  return warren::app::run(argc, argv);
}
