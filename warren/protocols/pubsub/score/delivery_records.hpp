// What became of recent messages, and who else brought them while that was open: who is to be
// honoured or blamed for it.
// https://github.com/libp2p/specs/blob/master/pubsub/gossipsub/gossipsub-v1.1.md#topic-parameter-calculation-and-decay
#pragma once

#include <algorithm>
#include <unordered_map>
#include <utility>
#include <vector>

#include "warren/base/time.hpp"
#include "warren/protocols/pubsub/wire/names.hpp"

namespace warren::pubsub {

// A peer, small; its slot may have been given to another one since, which the turn tells.
struct PeerTag {
  std::uint32_t slot = 0;
  std::uint32_t turn = 0;
  bool operator==(const PeerTag&) const = default;
};

enum class Fate : std::uint8_t {
  kOpen,  // being validated
  kValid,
  kInvalid,
  kUncounted,  // ignored, or not judged: costs nobody anything
};

struct DeliveryRecord {
  // Of one message; who else brings it costs no more memory.
  static constexpr std::size_t kBringersMax = 64;

  // False: it is known to have brought the message, or nobody more is remembered.
  bool add_bringer(PeerTag peer) {
    const bool known = std::ranges::find(bringers, peer) != bringers.end();
    if (known || bringers.size() >= kBringersMax) return false;
    bringers.push_back(peer);
    return true;
  }
  // Nobody who brings it later is told apart any more.
  void forget_bringers() { bringers = {}; }

  Fate fate = Fate::kOpen;
  Instant validated;              // if it is valid
  std::vector<PeerTag> bringers;  // while that is of interest

 private:
  friend class DeliveryRecords;
  Instant until_;
  std::pair<const MessageId, DeliveryRecord>* next_ = nullptr;  // the one that came after it
};

// Bounded: the oldest go first.
class DeliveryRecords {
 public:
  DeliveryRecords(Duration life, std::size_t max) : life_(life), max_(max) {}

  // Begun when there is none; valid until the next call.
  DeliveryRecord& of(const MessageId& id, Instant now);
  // Null when there is none; valid until the next call of another function.
  DeliveryRecord* find(const MessageId& id);
  void forget_old(Instant now);
  std::size_t size() const { return records_.size(); }

 private:
  void forget_first();

  Duration life_;
  std::size_t max_;
  std::unordered_map<MessageId, DeliveryRecord> records_;
  // All live equally long, so that they end in the order in which they began.
  std::pair<const MessageId, DeliveryRecord>* first_ = nullptr;
  std::pair<const MessageId, DeliveryRecord>* last_ = nullptr;
};

}  // namespace warren::pubsub
