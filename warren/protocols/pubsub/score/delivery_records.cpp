#include "warren/protocols/pubsub/score/delivery_records.hpp"

namespace warren::pubsub {

DeliveryRecord& DeliveryRecords::of(const MessageId& id, Instant now) {
  if (const auto known = records_.find(id); known != records_.end()) return known->second;
  if (records_.size() >= max_) forget_first();
  auto& entry = *records_.try_emplace(id).first;
  entry.second.until_ = now + life_;
  (last_ ? last_->second.next_ : first_) = &entry;
  last_ = &entry;
  return entry.second;
}

DeliveryRecord* DeliveryRecords::find(const MessageId& id) {
  const auto known = records_.find(id);
  return known == records_.end() ? nullptr : &known->second;
}

void DeliveryRecords::forget_old(Instant now) {
  while (first_ && first_->second.until_ <= now) forget_first();
}

void DeliveryRecords::forget_first() {
  if (!first_) return;
  auto* const next = first_->second.next_;
  records_.erase(records_.find(first_->first));
  first_ = next;
  if (!first_) last_ = nullptr;
}

}  // namespace warren::pubsub
