// `warren subscribe TOPIC`: what comes, what is missing, and what this reader was too slow for.
#include <fmt/format.h>

#include <cstdio>

#include "app/commands/topic_commands.hpp"
#include "app/interruption.hpp"
#include "app/json.hpp"
#include "app/message_text.hpp"
#include "app/payload.hpp"
#include "app/text.hpp"
#include "app/topics_client.hpp"

namespace warren::app {
namespace {

JsonObject json_of(const v1::TopicMessage& message) {
  JsonObject line;
  line.text("topic", message.topic())
      .text_or_null("from_node_id", message.from_node_id())
      .text_or_null("from_peer_id", message.from_peer_id());
  if (message.seq() == 0) {
    line.null("seq");
  } else {
    line.number("seq", static_cast<std::int64_t>(message.seq()));
  }
  add_payload(line, message.payload());
  line.flag("verified", !message.from_node_id().empty())
      .text_or_null("sent_at", message.has_sent_at_ms() ? timestamp(message.sent_at_ms()) : "")
      .text("received_at", timestamp(message.received_at_ms()))
      .flag("fetched", message.fetched())
      .text("id", to_hex(as_bytes(message.id())));
  return line;
}

JsonObject json_of(const v1::TopicGap& gap) {
  return JsonObject()
      .text("event", "gap")
      .text("topic", gap.topic())
      .text("from_node_id", gap.from_node_id())
      .number("first", static_cast<std::int64_t>(gap.first()))
      .number("last", static_cast<std::int64_t>(gap.last()))
      .text("state", gap.state());
}

std::string text_of(const v1::TopicMessage& message) {
  std::string line = printable(message.topic());
  if (message.seq() > 0) line += fmt::format(" #{}", message.seq());
  line += "  " + timestamp(message.received_at_ms());
  const bool verified = !message.from_node_id().empty();
  line += verified ? fmt::format("  from {}, verified", message.from_node_id())
                   : fmt::format("  from peer {}", message.from_peer_id());
  if (message.fetched()) line += ", fetched later";
  return line + "\n" + payload_text(message.payload());
}

std::string text_of(const v1::TopicGap& gap, bool reliable) {
  const std::uint64_t count = gap.last() - gap.first() + 1;
  const bool one = count == 1;
  const std::string numbers =
      one ? fmt::format("#{}", gap.first()) : fmt::format("#{} to #{}", gap.first(), gap.last());
  std::string what = one ? "is missing" : "are missing";
  what +=
      reliable ? "; looking for " + std::string(one ? "it" : "them") : "; only --reliable fetches what is";
  if (gap.state() == "closed") what = one ? "is here now" : "are all here now";
  if (gap.state() == "lost")
    what = (one ? "is" : "are") + std::string(" lost: nobody who was asked has more");
  return fmt::format("{}  gap: {} of {} {}\n", printable(gap.topic()), numbers, gap.from_node_id(), what);
}

class Printer {
 public:
  explicit Printer(const SubscribeCommandOptions& options) : options_(options) {}

  void print(const v1::SubscribeReply& reply) const {
    switch (reply.reply_case()) {
      case v1::SubscribeReply::kSubscribed: print_subscribed(); break;
      case v1::SubscribeReply::kDropped: print_dropped(reply.dropped()); break;
      case v1::SubscribeReply::kMessage:
        fmt::print("{}",
                   options_.json ? json_of(reply.message()).to_string() + "\n" : text_of(reply.message()));
        break;
      case v1::SubscribeReply::kGap:
        fmt::print("{}", options_.json ? json_of(reply.gap()).to_string() + "\n"
                                       : text_of(reply.gap(), options_.reliable));
        break;
      case v1::SubscribeReply::REPLY_NOT_SET: break;
    }
    if (std::fflush(stdout) != 0)
      throw Failure(ExitStatus::kFailed, "nothing can be written to standard output; check where it leads");
  }

 private:
  void print_subscribed() const {
    if (options_.json) {
      fmt::print("{}\n", JsonObject()
                             .text("event", "subscribed")
                             .text("topic", options_.topic)
                             .flag("plain", options_.plain)
                             .flag("reliable", options_.reliable)
                             .to_string());
    } else {
      fmt::print(stderr, "Subscribed to {}; Ctrl-C ends it.\n", printable(options_.topic));
    }
  }

  void print_dropped(std::uint64_t dropped) const {
    if (options_.json) {
      fmt::print("{}\n", JsonObject()
                             .text("event", "dropped")
                             .text("topic", options_.topic)
                             .number("dropped", static_cast<std::int64_t>(dropped))
                             .to_string());
    } else {
      fmt::print("{}  {} dropped: they came faster than they were read\n", printable(options_.topic),
                 dropped);
    }
  }

  const SubscribeCommandOptions& options_;
};

}  // namespace

ExitStatus run_subscribe(const SubscribeCommandOptions& options) {
  require_topic_name(options.topic, options.plain);
  v1::SubscribeRequest request;
  request.set_topic(options.topic);
  request.set_plain(options.plain);
  request.set_reliable(options.reliable);
  const StopFlag stop;
  TopicsClient client(DataDir::choose(options.data_dir));
  const std::unique_ptr<TopicStream> stream = client.subscribe(request);
  Interruption interruption(stop, *stream);
  const Printer printer(options);
  for (v1::SubscribeReply next; stream->read(next);) printer.print(next);
  interruption.end();
  stream->finish();
  return ExitStatus::kDone;
}

}  // namespace warren::app
