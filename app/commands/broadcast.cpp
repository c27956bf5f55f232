// `warren broadcast TOPIC`: one message, or with --lines a message for each line of standard input.
#include <fmt/format.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdio>
#include <thread>

#include "app/commands/topic_commands.hpp"
#include "app/json.hpp"
#include "app/line_reader.hpp"
#include "app/payload.hpp"
#include "app/text.hpp"
#include "app/time_span.hpp"
#include "app/topics_client.hpp"
#include "warren/broadcast/limits.hpp"

namespace warren::app {
namespace {

constexpr std::size_t kPayloadMax = BroadcastLimits().payload_max;

v1::BroadcastRequest request_of(const BroadcastCommandOptions& options) {
  v1::BroadcastRequest request;
  request.set_topic(options.topic);
  request.set_plain(options.plain);
  request.set_reliable(options.reliable);
  if (options.ttl.empty()) return request;
  const auto ttl = parse_time_span(options.ttl);
  if (!ttl || ttl->count() < 1 || *ttl > BroadcastLimits().ttl_max) {
    throw Failure(ExitStatus::kUsage,
                  fmt::format("--ttl: \"{}\" is no time up to 7 days; write one like 90s, 30m, 1h or 7d",
                              printable(options.ttl)));
  }
  request.set_ttl_ms(ttl->count());
  return request;
}

std::string json_line(const v1::BroadcastReply& reply, const BroadcastCommandOptions& options) {
  JsonObject line;
  line.text("topic", options.topic).text("id", to_hex(as_bytes(reply.id())));
  if (options.plain) {
    line.null("seq");
  } else {
    line.number("seq", static_cast<std::int64_t>(reply.seq()));
  }
  line.number("queued", static_cast<std::int64_t>(reply.queued()))
      .number("sent", static_cast<std::int64_t>(reply.sent()))
      .number("spared", static_cast<std::int64_t>(reply.spared()))
      .number("dropped", static_cast<std::int64_t>(reply.dropped()));
  return line.to_string();
}

// What became of one message, or of many.
struct Totals {
  std::uint64_t messages = 0;
  std::uint64_t unheard = 0;  // of these: there was nobody to send them to
  v1::BroadcastReply sums;

  void add(const v1::BroadcastReply& reply) {
    ++messages;
    if (reply.queued() == 0) ++unheard;
    sums.set_queued(sums.queued() + reply.queued());
    sums.set_sent(sums.sent() + reply.sent());
    sums.set_spared(sums.spared() + reply.spared());
    sums.set_dropped(sums.dropped() + reply.dropped());
  }
};

std::string counted(std::uint64_t number, const char* one, const char* many) {
  return fmt::format("{} {}", number, number == 1 ? one : many);
}

// "queued for 3 peers: sent to 2, 1 had it already"
std::string text_of_one(const v1::BroadcastReply& reply) {
  std::string text =
      fmt::format("queued for {}: sent to {}", counted(reply.queued(), "peer", "peers"), reply.sent());
  if (reply.spared() > 0) text += fmt::format(", {} had it already", reply.spared());
  if (reply.dropped() > 0) text += fmt::format(", dropped for {}", reply.dropped());
  return text;
}

// "6 copies queued: 5 sent, 1 not needed"
std::string text_of_many(const v1::BroadcastReply& sums) {
  std::string text = fmt::format("{} queued: {} sent", counted(sums.queued(), "copy", "copies"), sums.sent());
  if (sums.spared() > 0) text += fmt::format(", {} not needed", sums.spared());
  if (sums.dropped() > 0) text += fmt::format(", {} dropped", sums.dropped());
  return text;
}

// What is neither sent nor dropped.
std::string text_of_rest(const v1::BroadcastReply& sums) {
  const std::uint64_t settled = sums.sent() + sums.spared() + sums.dropped();
  return settled < sums.queued() ? fmt::format(", {} still on the way", sums.queued() - settled) : "";
}

void print_totals(const Totals& totals, const BroadcastCommandOptions& options) {
  if (options.json) return;
  const std::string topic = printable(options.topic);
  if (options.lines) {
    fmt::print("Broadcast {} on {}, {}\n", counted(totals.messages, "message", "messages"), topic,
               text_of_many(totals.sums) + text_of_rest(totals.sums));
  } else if (totals.unheard == 0) {
    fmt::print("Broadcast on {}, {}\n", topic, text_of_one(totals.sums) + text_of_rest(totals.sums));
  }
}

// Not an error: who broadcasts does not ask who listens. But it should not go unnoticed.
void tell_if_unheard(const Totals& totals, const BroadcastCommandOptions& options) {
  if (totals.unheard == 0) return;
  std::string what = "nobody else is there";
  if (options.lines && totals.unheard < totals.messages) {
    what = fmt::format("for {} of {} messages nobody else was there", totals.unheard, totals.messages);
  }
  std::string advice = "`warren topics` shows who is, and `warren peers` who is connected";
  if (options.reliable) advice = "those who subscribe with --reliable can fetch it later";
  fmt::print(stderr, "warren: {} on {}; {}\n", what, printable(options.topic), advice);
}

// Prints replies as they come, and then wakes who reads standard input.
class Replies {
 public:
  Replies(BroadcastStream& stream, const BroadcastCommandOptions& options)
      : ended_(eventfd(0, EFD_CLOEXEC)), thread_([this, &stream, &options] { take(stream, options); }) {}
  ~Replies() {
    wait();
    close(ended_);
  }
  Replies(const Replies&) = delete;
  Replies& operator=(const Replies&) = delete;

  // Readable when there will be no more.
  int ended() const { return ended_; }

  const Totals& wait() {
    if (thread_.joinable()) thread_.join();
    return totals_;
  }

 private:
  void take(BroadcastStream& stream, const BroadcastCommandOptions& options) {
    for (v1::BroadcastReply reply; stream.read(reply);) {
      totals_.add(reply);
      if (!options.json) continue;
      fmt::print("{}\n", json_line(reply, options));
      std::fflush(stdout);
    }
    eventfd_write(ended_, 1);
  }

  int ended_;
  Totals totals_;  // the thread's, until it has ended
  std::thread thread_;
};

// Tells the daemon that no more will come, also when a line cannot be sent: those before it have been.
class Ending {
 public:
  explicit Ending(BroadcastStream& stream) : stream_(stream) {}
  ~Ending() { stream_.no_more(); }
  Ending(const Ending&) = delete;
  Ending& operator=(const Ending&) = delete;

 private:
  BroadcastStream& stream_;
};

void send_lines(BroadcastStream& stream, const Replies& replies, v1::BroadcastRequest request) {
  const Ending ending(stream);
  LineReader lines(replies.ended(), kPayloadMax);
  while (auto line = lines.next()) {
    request.set_payload(std::move(*line));
    if (!stream.write(request)) return;
  }
}

ExitStatus broadcast_lines(const BroadcastCommandOptions& options, const v1::BroadcastRequest& request) {
  TopicsClient client(DataDir::choose(options.data_dir));
  const std::unique_ptr<BroadcastStream> stream = client.broadcast_all();
  tell_of_terminal();
  Replies replies(*stream, options);
  send_lines(*stream, replies, request);
  const Totals& totals = replies.wait();
  print_totals(totals, options);
  tell_if_unheard(totals, options);
  stream->finish();
  return ExitStatus::kDone;
}

}  // namespace

ExitStatus run_broadcast(const BroadcastCommandOptions& options) {
  require_topic_name(options.topic, options.plain);
  v1::BroadcastRequest request = request_of(options);
  if (options.lines) return broadcast_lines(options, request);
  TopicsClient client(DataDir::choose(options.data_dir));
  request.set_payload(read_payload(options, kPayloadMax));
  const v1::BroadcastReply reply = client.broadcast(request);
  Totals totals;
  totals.add(reply);
  if (options.json) fmt::print("{}\n", json_line(reply, options));
  print_totals(totals, options);
  tell_if_unheard(totals, options);
  return ExitStatus::kDone;
}

}  // namespace warren::app
