// All that is kept of one topic: who subscribed to it here, what has come, what is missing, what waits to be
// handed out. The other files of this folder work on it; one loop, so nobody else looks while one does.
#pragma once

#include <deque>
#include <map>
#include <memory>

#include "warren/async/event.hpp"
#include "warren/broadcast/gap_book.hpp"
#include "warren/broadcast/gap_reports.hpp"
#include "warren/broadcast/rate_ring.hpp"
#include "warren/broadcast/repair_plan.hpp"
#include "warren/broadcast/topic.hpp"

namespace warren {

struct TopicSubscriber {
  bool reliable = false;
  TopicHandler handler;
};

// A verified message on its way to the subscribers.
struct Delivery {
  TopicMessage message;
  std::optional<StoredBroadcast> keep;  // is stored first; one that was stored before is not delivered
  std::size_t bytes() const { return message.payload.size() + (keep ? keep->envelope.size() : 0); }
};

// From the first subscription to the end of the last one: what came and what is missing meanwhile.
struct TopicLife {
  explicit TopicLife(const BroadcastLimits& limits) : gaps(limits), plan(limits) {}

  bool over = false;
  bool restored = false;  // `gaps` knows what the store remembers; while somebody wants it reliable
  WallTime since{};       // when it was first subscribed for good, by the store
  GapBook gaps;
  GapReports reports;
  RepairPlan plan;
  std::optional<Instant> asking_since;  // notes are being compared with a peer
  std::uint64_t stirs = 0;              // how often something here wanted to be looked at
  Event changed;                        // any of these

  void stir() {
    ++stirs;
    changed.notify_all();
  }
};
using TopicLifePtr = std::shared_ptr<TopicLife>;

struct TopicEntry {
  std::string name;
  TopicKind kind = TopicKind::kWarren;
  std::string wire;     // its name for gossipsub, the store and repair
  std::string context;  // of its envelopes

  // --- subscribed ---
  std::map<std::uint64_t, std::shared_ptr<const TopicSubscriber>> subscribers;
  std::size_t reliable_subscribers = 0;
  TopicValidator validator;
  TopicLifePtr life;  // null: nobody has subscribed

  // --- on the way to the subscribers ---
  std::deque<Delivery> waiting;
  std::size_t waiting_bytes = 0;
  bool is_delivering = false;
  Event delivered_some;

  // --- with gossipsub ---
  bool is_joined = false;  // while somebody subscribes, or others may look for what we have sent
  Instant stays_until{};   // when what we have sent reliably has expired

  // --- published to ---
  bool is_published_to = false;     // so its numbers must not be forgotten
  bool is_configured = false;       // with gossipsub, as one that is not joined
  bool published_reliably = false;  // others may fetch it from us

  // --- counted, since the start ---
  std::uint64_t published = 0;
  std::uint64_t delivered = 0;
  std::uint64_t rejected = 0;  // of those fetched: gossipsub counts the others
  std::uint64_t fetched = 0;
  std::uint64_t lost = 0;
  RateRing rate;

  bool is_reliable() const { return reliable_subscribers > 0; }
};
using TopicPtr = std::shared_ptr<TopicEntry>;

}  // namespace warren
