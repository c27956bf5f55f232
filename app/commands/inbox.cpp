#include <fmt/format.h>

#include <chrono>
#include <cstdio>

#include "app/commands/commands.hpp"
#include "app/control_client.hpp"
#include "app/json.hpp"
#include "app/message_text.hpp"
#include "app/text.hpp"

namespace warren::app {
namespace {

// Only verified messages are ever stored, so `verified` is true for each.
std::string json_line(const v1::InboxMessage& message) {
  JsonObject line;
  line.number("number", static_cast<std::int64_t>(message.number()))
      .text("from_node_id", message.from_node_id())
      .text("from_peer_id", message.from_peer_id());
  add_payload(line, message.payload());
  line.flag("verified", true)
      .text("sent_at", timestamp(message.sent_at_ms()))
      .text("received_at", timestamp(message.received_at_ms()))
      .text("id", to_hex(as_bytes(message.id())));
  return line.to_string();
}

void print_text(const v1::InboxMessage& message) {
  fmt::print("#{}  {}  from {}, verified\n", message.number(), timestamp(message.received_at_ms()),
             message.from_node_id());
  fmt::print("{}", payload_text(message.payload()));
}

// Tells the daemon what has been shown, now and then: each time it writes to its disk.
class Acknowledger {
 public:
  explicit Acknowledger(ControlClient& client) : client_(client) {}

  void shown(std::uint64_t number) {
    number_ = number;
    ++waiting_;
    const auto now = std::chrono::steady_clock::now();
    if (waiting_ < 256 && now - last_ < std::chrono::seconds(1)) return;
    flush();
    last_ = now;
  }

  void flush() {
    if (waiting_ > 0) client_.acknowledge(number_);
    waiting_ = 0;
  }

 private:
  ControlClient& client_;
  std::uint64_t number_ = 0;
  std::size_t waiting_ = 0;
  std::chrono::steady_clock::time_point last_;
};

}  // namespace

ExitStatus run_inbox(const InboxOptions& options) {
  const StopFlag stop;
  ControlClient client(DataDir::choose(options.data_dir));
  v1::InboxRequest request;
  request.set_after(options.after);
  request.set_follow(options.follow);
  Acknowledger acknowledger(client);
  if (options.follow && !options.json) fmt::print(stderr, "Waiting for messages; Ctrl-C ends it.\n");
  bool any = false;
  client.inbox(request, stop, [&](const v1::InboxMessage& message) {
    any = true;
    if (options.json) {
      fmt::print("{}\n", json_line(message));
    } else {
      print_text(message);
    }
    if (std::fflush(stdout) == 0) acknowledger.shown(message.number());
  });
  acknowledger.flush();
  if (!any && !options.json && !options.follow)
    fmt::print("No messages; `warren inbox --follow` waits for them.\n");
  return ExitStatus::kDone;
}

}  // namespace warren::app
