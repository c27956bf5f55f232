#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <cstdio>

#include "app/commands/commands.hpp"
#include "app/control_client.hpp"
#include "app/path_policy.hpp"
#include "app/path_report_text.hpp"
#include "app/path_text.hpp"
#include "app/paths_client.hpp"
#include "app/seconds.hpp"
#include "app/text.hpp"

namespace warren::app {
namespace {

using std::chrono::steady_clock;

// A reply that is under way when the time is over is still waited for.
constexpr Duration kLastReply = 2s;
// A search for a direct path that has failed is followed by the next, but not at once.
constexpr Duration kSeekAgain = 5s;

v1::PingRequest request_of(const PingOptions& options) {
  v1::PingRequest request;
  request.set_target(options.target);
  request.set_count(options.count);
  request.set_interval_ms(static_cast<std::uint32_t>(to_milliseconds(options.interval_seconds).count()));
  request.set_path(policy_of(options));
  return request;
}

void print_reply(const v1::PingReply& reply, bool json) {
  if (json) {
    const JsonObject line = JsonObject()
                                .number("number", reply.number())
                                .real("rtt_ms", reply.rtt_ms())
                                .object("path", path_json(reply))
                                .flag("relayed", reply.relayed());
    fmt::print("{}\n", line.to_string());
  } else {
    fmt::print("{}: {:.2f} ms, {}\n", reply.number(), reply.rtt_ms(), path_text(reply));
  }
  std::fflush(stdout);
}

void print_lost(std::uint32_t number, const Failure& failure, bool json) {
  if (json) {
    const JsonObject line = JsonObject()
                                .number("number", number)
                                .null("rtt_ms")
                                .null("path")
                                .null("relayed")
                                .text("message", failure.what());
    fmt::print("{}\n", line.to_string());
  } else {
    fmt::print("{}: no reply: {}\n", number, failure.what());
  }
  std::fflush(stdout);
}

// Searches for a direct path, one after the other.
class DirectSearch {
 public:
  DirectSearch(PathsClient& paths, const std::string& target) : paths_(paths), target_(target) {}

  // Returns after `time`, or as soon as a search has ended.
  void go_on(Duration time) {
    const bool is_under_way = seeking_ != nullptr && !seeking_->has_ended_within(Duration::zero());
    const auto now = steady_clock::now();
    if (!is_under_way && (seeking_ == nullptr || now - began_ >= kSeekAgain)) {
      seeking_ = paths_.seek_direct(target_);
      began_ = now;
    } else if (!is_under_way) {
      poll(nullptr, 0, static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(time).count()));
      return;
    }
    seeking_->has_ended_within(time);
  }

 private:
  PathsClient& paths_;
  std::string target_;
  std::unique_ptr<Seeking> seeking_;
  steady_clock::time_point began_;
};

Failure still_relayed(PathsClient& paths, const PingOptions& options) {
  const std::string reason = reason_text(paths.why(options.target));
  const std::string time = duration_text(to_milliseconds(options.timeout_seconds).count());
  return {ExitStatus::kRelayedOnly,
          fmt::format("still relayed after {}{}{}", time, reason.empty() ? "" : ": ", reason)};
}

ExitStatus ping_until_direct(const PingOptions& options) {
  const DataDir dir = DataDir::choose(options.data_dir);
  ControlClient client(dir);
  PathsClient paths(dir);
  DirectSearch search(paths, options.target);
  v1::PingRequest request = request_of(options);
  request.set_count(1);
  const auto end = steady_clock::now() + seconds(options.timeout_seconds);
  for (std::uint32_t number = 1;; ++number) {
    const Duration left = std::max<Duration>(end - steady_clock::now(), kLastReply);
    PingResult result = client.ping_once(request, left);
    if (result.failure && (number == 1 || steady_clock::now() >= end)) throw *result.failure;
    if (result.failure) {
      print_lost(number, *result.failure, options.json);
    } else {
      result.reply->set_number(number);
      print_reply(*result.reply, options.json);
      if (!result.reply->relayed()) return ExitStatus::kDone;
    }
    const Duration rest = end - steady_clock::now();
    if (rest <= Duration::zero()) throw still_relayed(paths, options);
    search.go_on(std::min(rest, seconds(options.interval_seconds)));
  }
}

}  // namespace

ExitStatus run_ping(const PingOptions& options) {
  if (options.until_direct) return ping_until_direct(options);
  const StopFlag stop;
  ControlClient client(DataDir::choose(options.data_dir));
  bool direct = false;
  double least = 0;
  double sum = 0;
  std::uint32_t count = 0;
  client.ping(request_of(options), stop, [&](const v1::PingReply& reply) {
    direct = !reply.relayed();
    least = count == 0 ? reply.rtt_ms() : std::min(least, reply.rtt_ms());
    sum += reply.rtt_ms();
    ++count;
    print_reply(reply, options.json);
  });
  if (!options.json && count > 1)
    fmt::print("{} replies: least {:.2f} ms, mean {:.2f} ms\n", count, least, sum / count);
  return options.direct && !direct ? ExitStatus::kRelayedOnly : ExitStatus::kDone;
}

}  // namespace warren::app
