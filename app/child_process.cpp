#include "app/child_process.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

#include "app/text.hpp"

extern char** environ;

namespace warren::app {
namespace {

class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~Descriptor() { reset(); }

  void reset() {
    if (number_ >= 0) close(number_);
    number_ = -1;
  }
  int get() const { return number_; }

 private:
  int number_ = -1;
};

struct Pipe {
  Descriptor read_end;
  Descriptor write_end;

  bool open() {
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC) != 0) return false;
    read_end = Descriptor(ends[0]);
    write_end = Descriptor(ends[1]);
    return true;
  }
};

void set_nonblocking(int descriptor) {
  fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK);
}

// The child in a process group of its own, with the default signals. 0 when it could not be started.
pid_t start(const ShellCommand& command, const Pipe& input, const Pipe& output) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, input.read_end.get(), STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, output.write_end.get(), STDOUT_FILENO);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes,
                           POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
  posix_spawnattr_setpgroup(&attributes, 0);
  sigset_t signals;
  sigemptyset(&signals);
  posix_spawnattr_setsigmask(&attributes, &signals);
  for (const int signal : {SIGPIPE, SIGINT, SIGTERM}) sigaddset(&signals, signal);
  posix_spawnattr_setsigdefault(&attributes, &signals);

  std::string shell = "/bin/sh";
  std::string option = "-c";
  std::string text = command.command;
  std::vector<std::string> added = command.environment;
  std::vector<char*> arguments = {shell.data(), option.data(), text.data(), nullptr};
  std::vector<char*> environment;
  for (char** entry = environ; *entry != nullptr; ++entry) environment.push_back(*entry);
  for (std::string& entry : added) environment.push_back(entry.data());
  environment.push_back(nullptr);

  pid_t pid = 0;
  if (posix_spawn(&pid, shell.c_str(), &actions, &attributes, arguments.data(), environment.data()) != 0)
    pid = 0;
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  return pid;
}

// One running child, and what passes through its pipes.
class Conversation {
 public:
  Conversation(const ShellCommand& command, std::string_view input, int stop)
      : command_(command),
        input_(input),
        stop_(stop),
        deadline_(std::chrono::steady_clock::now() + command.time_limit) {}

  ShellOutcome run() {
    Pipe to_child;
    Pipe from_child;
    if (!to_child.open() || !from_child.open()) return {{}, "no pipe could be made"};
    pid_ = start(command_, to_child, from_child);
    if (pid_ == 0) return {{}, "/bin/sh could not be started"};
    writer_ = std::move(to_child.write_end);
    reader_ = std::move(from_child.read_end);
    from_child.write_end.reset();
    ended_ = Descriptor(static_cast<int>(syscall(SYS_pidfd_open, pid_, 0)));
    set_nonblocking(writer_.get());
    set_nonblocking(reader_.get());
    if (input_.empty()) writer_.reset();

    std::string failure = ended_.get() < 0 ? "this kernel has no pidfd_open (Linux 5.3)" : exchange();
    kill(-pid_, SIGKILL);  // the child itself at a limit, and whatever it left behind; it is not reaped yet
    int status = 0;
    while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    if (failure.empty()) failure = describe(status);
    return {std::move(output_), std::move(failure)};
  }

 private:
  // Until the child has ended. The reason for which it must be killed, or empty.
  std::string exchange() {
    while (true) {
      const auto left =
          std::chrono::ceil<std::chrono::milliseconds>(deadline_ - std::chrono::steady_clock::now());
      if (left.count() <= 0)
        return fmt::format("it took longer than {}", duration_text(command_.time_limit.count()));
      std::array<pollfd, 4> events = {pollfd{stop_, POLLIN, 0}, pollfd{ended_.get(), POLLIN, 0},
                                      pollfd{reader_.get(), POLLIN, 0}, pollfd{writer_.get(), POLLOUT, 0}};
      const int ready =
          poll(events.data(), events.size(), static_cast<int>(std::min<std::int64_t>(left.count(), 60000)));
      if (ready < 0 && errno != EINTR) return "poll failed";
      if (ready <= 0) continue;
      if (events[0].revents != 0) return "the service was stopped";
      if (events[3].revents != 0) write_some();
      if (events[2].revents != 0 && !read_some()) {
        return fmt::format("its answer is larger than {}", size_text(command_.output_max));
      }
      if (events[1].revents == 0) continue;
      // It has ended; what it wrote before is in the pipe still.
      return drain() ? "" : fmt::format("its answer is larger than {}", size_text(command_.output_max));
    }
  }

  void write_some() {
    const ssize_t written = write(writer_.get(), input_.data(), input_.size());
    if (written > 0) input_.remove_prefix(static_cast<std::size_t>(written));
    // A child may end its input before it has read all: that is its right.
    if (input_.empty() || (written < 0 && errno != EAGAIN && errno != EINTR)) writer_.reset();
  }

  // False when there is more than allowed.
  bool read_some() {
    std::array<char, 65536> buffer;
    const ssize_t size = read(reader_.get(), buffer.data(), buffer.size());
    if (size > 0) output_.append(buffer.data(), static_cast<std::size_t>(size));
    if (size == 0 || (size < 0 && errno != EAGAIN && errno != EINTR)) reader_.reset();
    return output_.size() <= command_.output_max;
  }

  bool drain() {
    while (reader_.get() >= 0) {
      const std::size_t before = output_.size();
      if (!read_some()) return false;
      if (output_.size() == before) break;
    }
    return true;
  }

  static std::string describe(int status) {
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return "";
    if (WIFEXITED(status)) return fmt::format("it ended with exit status {}", WEXITSTATUS(status));
    return fmt::format("it was ended by signal {}", WTERMSIG(status));
  }

  const ShellCommand& command_;
  std::string_view input_;
  int stop_;
  std::chrono::steady_clock::time_point deadline_;
  pid_t pid_ = 0;
  Descriptor writer_;
  Descriptor reader_;
  Descriptor ended_;
  std::string output_;
};

}  // namespace

ShellOutcome run_shell(const ShellCommand& command, std::string_view input, int stop) {
  return Conversation(command, input, stop).run();
}

}  // namespace warren::app
