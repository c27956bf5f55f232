// Runs each request at most once: knows which are running and which answers are finished, and which it may
// have forgotten. No I/O; times come as arguments. docs/wire.md, "Requests".
#pragma once

#include <deque>
#include <memory>
#include <unordered_map>

#include "warren/messaging/bodies.hpp"
#include "warren/messaging/envelope.hpp"
#include "warren/messaging/limits.hpp"
#include "warren/messaging/replay_window.hpp"

namespace warren {

using AnswerPtr = std::shared_ptr<const ResponseBody>;

class RequestLog {
 public:
  // `started`: what ran before is not known.
  RequestLog(WallTime started, const MessagingLimits& limits);

  struct Attempt {
    NodeKey sender{};
    RequestId id{};
    WallTime sent{};        // of this envelope
    WallTime first_sent{};  // of the first envelope of this request
  };
  struct Moment {
    WallTime wall;
    Instant instant;
  };
  enum class Decision {
    kRun,      // new: the caller runs it, then calls finish() or abandon()
    kWait,     // is running: its answer will be the answer
    kAnswer,   // has run: answer()
    kUnknown,  // may have run: kOutcomeUnknown
    kBusy,     // no room to remember it: kLimitReached
  };

  Decision begin(const Attempt& attempt, Moment now);

  // Keeps the answer for retries.
  void finish(const NodeKey& sender, const RequestId& id, AnswerPtr answer, Instant now);
  // It did not run after all, and may be tried again.
  void abandon(const NodeKey& sender, const RequestId& id);

  // Null when it is not finished, or gone.
  AnswerPtr answer(const NodeKey& sender, const RequestId& id) const;

  std::size_t answers() const { return answers_; }
  std::size_t bytes() const { return bytes_; }

 private:
  struct Entry {
    AnswerPtr answer;  // null while it runs
    WallTime first_sent{};
    Instant expires{};
  };
  struct Sender {
    std::unordered_map<RequestId, Entry, ArrayHash> entries;
    std::deque<RequestId> finished;  // oldest first
    std::size_t bytes = 0;
    WallTime forgotten{};  // no retry of a request first sent until then is known for sure
  };

  void drop_oldest(Sender& sender);
  void drop_expired(Sender& sender, Instant now);
  void sweep(Moment now);
  void drop_from_largest();
  bool may_be_forgotten(const Sender* sender, const Attempt& attempt, WallTime now) const;

  WallTime started_;
  MessagingLimits limits_;
  std::chrono::milliseconds memory_;
  std::unordered_map<NodeKey, Sender, ArrayHash> senders_;
  std::size_t answers_ = 0;
  std::size_t bytes_ = 0;
  Instant next_sweep_{};
};

}  // namespace warren
