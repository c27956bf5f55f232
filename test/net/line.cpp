#include "test/net/line.hpp"

#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>
#include <utility>

#include "test/net/quantities.hpp"

namespace warren::net {

namespace {

// So that a device that always has packets does not keep others, and those that are due, waiting.
constexpr int kReadsAtOnce = 64;
// Under load packets are due every few microseconds: they are handed over together, that much late.
constexpr Duration kTogether = 200us;
constexpr std::size_t kCommandMax = 1024;

Instant now() {
  return std::chrono::steady_clock::now();
}

}  // namespace

Line::Line(End first, End second, std::uint64_t seed)
    : first_(std::move(first)),
      second_(std::move(second)),
      directions_{Direction{&first_, &second_, first_.name + "->" + second_.name, Wire(seed)},
                  Direction{&second_, &first_, second_.name + "->" + first_.name, Wire(seed + 1)}},
      epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      timer_(::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC)),
      buffer_(kPacketMax) {
  watch(first_.tun.descriptor(), EPOLLIN);
  watch(second_.tun.descriptor(), EPOLLIN);
  watch(timer_, EPOLLIN);
}

Line::~Line() {
  ::close(timer_);
  ::close(epoll_);
}

int Line::run(int commands) {
  watch(commands, EPOLLIN);
  for (;;) {
    std::array<epoll_event, 4> events{};
    const int count = ::epoll_wait(epoll_, events.data(), events.size(), -1);
    if (count < 0 && errno != EINTR) return 1;
    for (int i = 0; i < count; ++i) {
      const int descriptor = events[i].data.fd;
      if (descriptor == commands) {
        if (!take_commands(commands)) return 0;
        continue;
      }
      for (Direction& direction : directions_) {
        if (direction.from->tun.descriptor() != descriptor) continue;
        if ((events[i].events & EPOLLERR) != 0) return 1;
        take_packets(direction);
      }
    }
    for (Direction& direction : directions_) deliver(direction);
    set_timer();
  }
}

void Line::watch(int descriptor, std::uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.fd = descriptor;
  ::epoll_ctl(epoll_, EPOLL_CTL_ADD, descriptor, &event);
}

Line::Direction& Line::other(const Direction& direction) {
  return &direction == &directions_[0] ? directions_[1] : directions_[0];
}

void Line::take_packets(Direction& direction) {
  for (int i = 0; i < kReadsAtOnce; ++i) {
    const auto size = direction.from->tun.read(buffer_);
    if (!size) return;
    take_packet(direction, MutableBytes(buffer_).first(*size));
  }
}

void Line::take_packet(Direction& direction, MutableBytes packet) {
  switch (direction.from->gateway.from_inside(packet, now())) {
    case Gateway::Way::kDrop: return;
    case Gateway::Way::kOn: direction.wire.send(now(), packet); return;
    case Gateway::Way::kBack:
      if (!direction.from->tun.write(packet)) ++other(direction).refused;
      return;
  }
}

void Line::deliver(Direction& direction) {
  const auto next = direction.wire.next();
  Instant time = now();
  if (!next || *next > time) return;
  last_delivery_ = time;
  while (auto packet = direction.wire.receive(time)) {
    const auto way = direction.to->gateway.from_outside(*packet, time);
    if (way == Gateway::Way::kOn && !direction.to->tun.write(*packet)) ++direction.refused;
    if (way == Gateway::Way::kBack) other(direction).wire.send(time, *packet);
    time = now();
  }
}

void Line::set_timer() {
  std::optional<Instant> due;
  for (const Direction& direction : directions_) {
    const auto next = direction.wire.next();
    if (next && (!due || *next < *due)) due = next;
  }
  const Instant at = due ? std::max(*due, last_delivery_ + kTogether) : Instant{};
  // The timer has fired when `at` is another than before, or nobody minds if it fires for nothing.
  if (at == timer_at_) return;
  timer_at_ = at;
  const auto since = at.time_since_epoch();
  itimerspec setting{};
  setting.it_value.tv_sec = since / 1s;
  setting.it_value.tv_nsec = (since % 1s).count();
  ::timerfd_settime(timer_, TFD_TIMER_ABSTIME, &setting, nullptr);
}

bool Line::take_commands(int commands) {
  std::array<char, kCommandMax> piece;
  const ssize_t size = ::read(commands, piece.data(), piece.size());
  if (size <= 0) return size < 0 && (errno == EINTR || errno == EAGAIN);
  unfinished_.append(piece.data(), static_cast<std::size_t>(size));
  for (std::size_t end = unfinished_.find('\n'); end != std::string::npos; end = unfinished_.find('\n')) {
    std::puts(answer(unfinished_.substr(0, end)).c_str());
    unfinished_.erase(0, end + 1);
  }
  std::fflush(stdout);
  return unfinished_.size() <= kCommandMax;
}

std::string Line::answer(const std::string& command) {
  std::istringstream words(command);
  std::string verb, which, what;
  words >> verb;
  if (verb == "stats") return stats();
  if (verb == "set" || verb == "nat") {
    words >> which;
    std::getline(words, what);
    return verb == "set" ? set(which, what) : change_router(which, what);
  }
  if (verb != "down" && verb != "up") return "error: no command " + verb;
  for (Direction& direction : directions_) {
    if (verb == "down") direction.wire.cut();
    if (verb == "up") direction.wire.mend();
  }
  return "ok";
}

std::string Line::set(std::string_view which, std::string_view what) {
  bool found = false;
  for (Direction& direction : directions_) {
    if (which != "both" && which != direction.name) continue;
    found = true;
    sim::LinkOptions options = direction.wire.options();
    if (const auto wrong = change(options, what)) return "error: " + *wrong;
    direction.wire.set_options(options);
  }
  return found ? "ok" : "error: no direction " + std::string(which);
}

std::string Line::change_router(std::string_view which, std::string_view what) {
  for (End* end : {&first_, &second_}) {
    if (end->name != which) continue;
    const auto wrong = end->gateway.command(what);
    return wrong ? "error: " + *wrong : "ok";
  }
  return "error: no end " + std::string(which);
}

std::string Line::stats() {
  nlohmann::json all = nlohmann::json::object();
  for (const End* end : {&first_, &second_}) {
    all["nat"][end->name] = nlohmann::json::parse(end->gateway.stats());
  }
  for (Direction& direction : directions_) {
    const WireStats stats = direction.wire.take_stats();
    const double mean = stats.delivered == 0 ? 0 : to_ms(stats.late_sum) / double(stats.delivered);
    all[direction.name] = {{"sent", stats.sent},           {"sent_bytes", stats.sent_bytes},
                           {"delivered", stats.delivered}, {"delivered_bytes", stats.delivered_bytes},
                           {"lost", stats.lost},           {"cut", stats.cut},
                           {"refused", direction.refused}, {"on_the_way", direction.wire.on_the_way()},
                           {"late_mean_ms", mean},         {"late_max_ms", to_ms(stats.late_max)}};
  }
  return all.dump();
}

}  // namespace warren::net
