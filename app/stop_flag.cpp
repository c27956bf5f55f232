#include "app/stop_flag.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <csignal>

#include "app/exit_status.hpp"

namespace warren::app {

StopFlag::StopFlag() : flag_(eventfd(0, EFD_CLOEXEC)) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  signals_ = signalfd(-1, &set, SFD_CLOEXEC);
  if (flag_ < 0 || signals_ < 0)
    throw Failure(ExitStatus::kFailed, "too many files are open; raise `ulimit -n`");
}

StopFlag::~StopFlag() {
  close(flag_);
  close(signals_);
}

void StopFlag::raise() const {
  eventfd_write(flag_, 1);
}

bool StopFlag::wait() const {
  std::array<pollfd, 2> events = {pollfd{flag_, POLLIN, 0}, pollfd{signals_, POLLIN, 0}};
  while (poll(events.data(), events.size(), -1) < 0) {
  }
  raise();
  return events[1].revents != 0;
}

}  // namespace warren::app
