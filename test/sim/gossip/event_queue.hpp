// What is going to happen in the simulated network, in the order of virtual time; and the trace of what has.
#pragma once

#include <cstdint>
#include <vector>

#include "warren/base/time.hpp"
#include "warren/protocols/pubsub/wire/names.hpp"

namespace warren::gossip_sim {

using NodeIndex = std::uint32_t;
inline constexpr NodeIndex kNobody = 0xffffffff;
inline constexpr std::uint32_t kNoMessage = 0xffffffff;

// A frame on its way.
struct Parcel {
  pubsub::Frame frame;
  std::uint32_t message = kNoMessage;  // the one that it carries
  std::uint8_t hops = 0;               // of that message, with this one
};

enum class EventKind : std::uint8_t {
  kArrival,  // a parcel is at `node`, from `peer`
  kUplink,   // what `node` was sending is out
  kTimer,    // `node` wished to be woken
  kVerdict,  // `node` has checked a message
  kLost,     // `node` notices that `peer` has gone
  kPlan,     // the scenario's next step
};

struct Event {
  EventKind kind = EventKind::kPlan;
  NodeIndex node = kNobody;
  NodeIndex peer = kNobody;
  std::uint64_t value = 0;  // which connection, life of the node, or step
  Parcel parcel;
};

class EventQueue {
 public:
  // Precondition: at >= now().
  void push(Instant at, Event event);
  bool empty() const { return heap_.empty(); }
  // Of the earliest. Precondition: !empty().
  Instant next() const { return heap_.front().at; }
  // The earliest; of several, the one that was pushed first. now() is its time. Precondition: !empty().
  Event pop();

  Instant now() const { return now_; }
  std::uint64_t popped() const { return popped_; }
  // Of all events so far: the same for the same run.
  std::uint64_t fingerprint() const { return fingerprint_; }

 private:
  struct Entry {
    Instant at;
    std::uint64_t order;
    std::uint32_t slot;
  };
  static bool later(const Entry& a, const Entry& b) { return a.at != b.at ? a.at > b.at : a.order > b.order; }
  void mix(std::uint64_t word);

  std::vector<Entry> heap_;  // the earliest in front
  std::vector<Event> slots_;
  std::vector<std::uint32_t> free_;
  Instant now_{};
  std::uint64_t order_ = 0;
  std::uint64_t popped_ = 0;
  std::uint64_t fingerprint_ = 0xcbf29ce484222325;
};

}  // namespace warren::gossip_sim
