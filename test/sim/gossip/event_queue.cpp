#include "test/sim/gossip/event_queue.hpp"

#include <algorithm>
#include <utility>

#include "warren/base/assert.hpp"

namespace warren::gossip_sim {

void EventQueue::push(Instant at, Event event) {
  WARREN_ASSERT(at >= now_);
  std::uint32_t slot = 0;
  if (free_.empty()) {
    slot = static_cast<std::uint32_t>(slots_.size());
    slots_.push_back(std::move(event));
  } else {
    slot = free_.back();
    free_.pop_back();
    slots_[slot] = std::move(event);
  }
  heap_.push_back({at, order_++, slot});
  std::ranges::push_heap(heap_, later);
}

Event EventQueue::pop() {
  std::ranges::pop_heap(heap_, later);
  const Entry entry = heap_.back();
  heap_.pop_back();
  Event event = std::exchange(slots_[entry.slot], {});
  free_.push_back(entry.slot);
  now_ = entry.at;
  ++popped_;
  mix(static_cast<std::uint64_t>(now_.time_since_epoch().count()));
  mix(static_cast<std::uint64_t>(event.node) << 32 | event.peer);
  mix(event.value << 8 | static_cast<std::uint64_t>(event.kind));
  if (event.parcel.frame) mix(event.parcel.frame->size());
  return event;
}

// FNV-1a's step, a word at a time.
void EventQueue::mix(std::uint64_t word) {
  fingerprint_ = (fingerprint_ ^ word) * 0x100000001b3;
  fingerprint_ ^= fingerprint_ >> 32;
}

}  // namespace warren::gossip_sim
