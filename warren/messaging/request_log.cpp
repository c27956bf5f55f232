#include "warren/messaging/request_log.hpp"

#include <algorithm>

#include "warren/base/assert.hpp"

namespace warren {
namespace {

constexpr Duration kAnswerSweepInterval = std::chrono::seconds(10);

// What an answer costs besides its payload: the entry, its place in the queue, the reason.
constexpr std::size_t kEntryBytes = 512;

std::size_t cost(const ResponseBody& answer) {
  return answer.payload.size() + kEntryBytes;
}

}  // namespace

// An answer is kept for answer_lifetime after it was finished, which is after it was first sent; but by a
// clock that may be future_max ahead of ours.
RequestLog::RequestLog(WallTime started, const MessagingLimits& limits)
    : started_(started),
      limits_(limits),
      memory_(std::chrono::duration_cast<std::chrono::milliseconds>(limits.answer_lifetime) -
              limits.future_max) {}

void RequestLog::drop_oldest(Sender& sender) {
  const auto found = sender.entries.find(sender.finished.front());
  WARREN_ASSERT(found != sender.entries.end() && found->second.answer);
  sender.forgotten = std::max(sender.forgotten, found->second.first_sent);
  const std::size_t freed = cost(*found->second.answer);
  sender.bytes -= freed;
  bytes_ -= freed;
  --answers_;
  sender.entries.erase(found);
  sender.finished.pop_front();
}

void RequestLog::drop_expired(Sender& sender, Instant now) {
  while (!sender.finished.empty() && sender.entries.at(sender.finished.front()).expires <= now) {
    drop_oldest(sender);
  }
}

void RequestLog::sweep(Moment now) {
  if (now.instant < next_sweep_) return;
  next_sweep_ = now.instant + kAnswerSweepInterval;
  for (auto at = senders_.begin(); at != senders_.end();) {
    Sender& sender = at->second;
    drop_expired(sender, now.instant);
    // Older retries are refused for their age alone.
    const bool is_idle = sender.entries.empty() && sender.forgotten + memory_ < now.wall;
    at = is_idle ? senders_.erase(at) : std::next(at);
  }
}

void RequestLog::drop_from_largest() {
  const auto largest = std::ranges::max_element(
      senders_, {}, [](const auto& entry) { return entry.second.finished.empty() ? 0 : entry.second.bytes; });
  WARREN_ASSERT(largest != senders_.end() && !largest->second.finished.empty());
  drop_oldest(largest->second);
}

// A first attempt is no retry: nothing can have run before it.
bool RequestLog::may_be_forgotten(const Sender* sender, const Attempt& attempt, WallTime now) const {
  if (attempt.first_sent == attempt.sent) return false;
  if (attempt.first_sent < started_ + limits_.future_max) return true;
  if (attempt.first_sent + memory_ < now) return true;
  return sender && attempt.first_sent <= sender->forgotten;
}

RequestLog::Decision RequestLog::begin(const Attempt& attempt, Moment now) {
  sweep(now);
  const auto found = senders_.find(attempt.sender);
  Sender* sender = found == senders_.end() ? nullptr : &found->second;
  if (sender) {
    drop_expired(*sender, now.instant);
    if (const auto entry = sender->entries.find(attempt.id); entry != sender->entries.end()) {
      return entry->second.answer ? Decision::kAnswer : Decision::kWait;
    }
  }
  if (attempt.first_sent > attempt.sent || may_be_forgotten(sender, attempt, now.wall))
    return Decision::kUnknown;
  if (!sender) {
    if (senders_.size() >= limits_.total_answers_max) return Decision::kBusy;
    sender = &senders_[attempt.sender];
  }
  sender->entries.emplace(attempt.id, Entry{.first_sent = attempt.first_sent});
  return Decision::kRun;
}

void RequestLog::finish(const NodeKey& sender_key, const RequestId& id, AnswerPtr answer, Instant now) {
  Sender& sender = senders_.at(sender_key);
  Entry& entry = sender.entries.at(id);
  WARREN_ASSERT(!entry.answer && answer);
  sender.bytes += cost(*answer);
  bytes_ += cost(*answer);
  ++answers_;
  entry.answer = std::move(answer);
  entry.expires = now + limits_.answer_lifetime;
  sender.finished.push_back(id);
  while (sender.finished.size() > limits_.sender_answers_max ||
         sender.bytes > limits_.sender_answer_bytes_max) {
    drop_oldest(sender);
  }
  while (answers_ > limits_.total_answers_max || bytes_ > limits_.total_answer_bytes_max) drop_from_largest();
}

void RequestLog::abandon(const NodeKey& sender_key, const RequestId& id) {
  Sender& sender = senders_.at(sender_key);
  WARREN_ASSERT(!sender.entries.at(id).answer);
  sender.entries.erase(id);
}

AnswerPtr RequestLog::answer(const NodeKey& sender_key, const RequestId& id) const {
  const auto sender = senders_.find(sender_key);
  if (sender == senders_.end()) return nullptr;
  const auto entry = sender->second.entries.find(id);
  return entry == sender->second.entries.end() ? nullptr : entry->second.answer;
}

}  // namespace warren
