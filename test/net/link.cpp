// warren_link: joins two network namespaces of one machine by a link with delay, jitter, loss, rate and
// queue, the same each way as in simulated worlds, and with a router at either end, if it is told so.
// test/net/lab.py makes the namespaces and starts it.
//
//   warren_link a=NAMESPACE:DEVICE b=NAMESPACE:DEVICE [SEED]
//
// Makes both devices, prints "ready", and then answers commands (line.hpp) until standard input ends. It does
// not outlive its parent, nor an hour.
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>
#include <iostream>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "test/net/line.hpp"

namespace {

using warren::net::End;
using warren::net::Gateway;
using warren::net::Line;
using warren::net::Tun;

constexpr unsigned kLifeMaxS = 3600;

// A link is on time whatever the machine is busy with. Where that is not granted, the tests' tolerances have
// to do. The kernel keeps 5 % of each second for others, so even a fault here would not stop the machine.
void be_on_time() {
  sched_param parameter{};
  parameter.sched_priority = 1;
  if (::sched_setscheduler(0, SCHED_FIFO, &parameter) != 0) (void)::setpriority(PRIO_PROCESS, 0, -20);
}

bool outlive_nobody(pid_t parent) {
  ::alarm(kLifeMaxS);
  return ::prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && ::getppid() == parent;
}

std::optional<End> open_end(std::string_view text, std::uint64_t seed) {
  const std::size_t equals = text.find('=');
  const std::size_t colon = text.find(':');
  if (equals == std::string_view::npos || colon == std::string_view::npos || colon < equals) {
    std::cerr << "warren_link: " << text << " is not NAME=NAMESPACE:DEVICE\n";
    return std::nullopt;
  }
  auto tun = Tun::make(std::string(text.substr(equals + 1, colon - equals - 1)),
                       std::string(text.substr(colon + 1)));
  if (!tun) {
    std::cerr << "warren_link: " << text << ": " << tun.error().message() << "\n";
    return std::nullopt;
  }
  return End{std::string(text.substr(0, equals)), std::move(*tun), Gateway(seed)};
}

}  // namespace

int main(int count, char** words) {
  const pid_t parent = ::getppid();
  std::uint64_t seed = 1;
  if (count < 3 || count > 4 || (count == 4 && std::sscanf(words[3], "%lu", &seed) != 1)) {
    std::cerr << "usage: warren_link a=NAMESPACE:DEVICE b=NAMESPACE:DEVICE [SEED]\n";
    return 2;
  }
  if (!outlive_nobody(parent)) return 1;
  be_on_time();
  auto first = open_end(words[1], seed);
  auto second = open_end(words[2], seed + 2);
  if (!first || !second) return 1;
  Line line(std::move(*first), std::move(*second), seed);
  std::puts("ready");
  std::fflush(stdout);
  return line.run(STDIN_FILENO);
}
