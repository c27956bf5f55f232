#include "app/topic_stays.hpp"

#include <algorithm>

#include "warren/async/as_result.hpp"
#include "warren/base/log.hpp"

namespace warren::app {
namespace {

// Messages live for minutes and days.
constexpr Duration kLook = 10s;

Task<Subscription> join(Node& node, std::string topic) {
  TopicHandler nobody;
  nobody.on_message = [](const TopicMessage&) {};
  TopicOptions options{.kind = TopicKind::kWarren, .reliable = true, .validator = {}};
  co_return node.subscribe(std::move(topic), std::move(nobody), std::move(options));
}

}  // namespace

TopicStays::TopicStays(Env& env, Node& node) : env_(env), node_(node), tasks_(env.executor, "control.stays") {
  tasks_.spawn(leave_in_time());
}

Task<void> TopicStays::stay(std::string topic, std::chrono::milliseconds ttl) {
  const Instant until = env_.clock.now() + ttl;
  const auto found = stays_.find(topic);
  if (found != stays_.end()) {
    found->second.until = std::max(found->second.until, until);
    co_return;
  }
  auto joining = join(node_, topic);
  auto joined = co_await as_result(std::move(joining));
  if (joined) {
    stays_.insert_or_assign(std::move(topic), Stay{std::move(*joined), until});
  } else {
    log::warning("control", "others find what was sent on " + topic +
                                " only while somebody here subscribes: " + joined.error().message());
  }
}

Task<void> TopicStays::close() {
  stays_.clear();
  co_await tasks_.close();
}

Task<void> TopicStays::leave_in_time() {
  while (true) {
    co_await env_.clock.sleep_for(kLook);
    const Instant now = env_.clock.now();
    std::erase_if(stays_, [now](const auto& entry) { return entry.second.until <= now; });
  }
}

}  // namespace warren::app
