// A set of fingerprints in one piece of memory: asked several times for each message and each peer of a mesh.
#pragma once

#include <algorithm>
#include <utility>
#include <vector>

#include "warren/protocols/pubsub/router/fingerprint.hpp"

namespace warren::pubsub {

class FingerprintSet {
 public:
  bool contains(Fingerprint fingerprint) const {
    return !slots_.empty() && slots_[slot_of(fingerprint)] == filled(fingerprint);
  }
  // False: it is there already.
  bool insert(Fingerprint fingerprint) {
    if (2 * (size_ + 1) > slots_.size()) grow();
    Fingerprint& slot = slots_[slot_of(fingerprint)];
    if (slot == filled(fingerprint)) return false;
    slot = filled(fingerprint);
    ++size_;
    return true;
  }
  // Gives back its memory.
  void clear() {
    slots_ = {};
    size_ = 0;
  }
  std::size_t size() const { return size_; }

 private:
  static constexpr std::size_t kSlotsMin = 16;

  // 0 is an empty slot; that two fingerprints of 2^64 fall together is as likely as that any two do.
  static Fingerprint filled(Fingerprint fingerprint) { return fingerprint == 0 ? 1 : fingerprint; }
  // Where it is, or where it would be put. A slot is always free.
  std::size_t slot_of(Fingerprint fingerprint) const {
    const std::size_t mask = slots_.size() - 1;
    std::size_t slot = filled(fingerprint) & mask;
    while (slots_[slot] != 0 && slots_[slot] != filled(fingerprint)) slot = (slot + 1) & mask;
    return slot;
  }
  void grow() {
    const auto before =
        std::exchange(slots_, std::vector<Fingerprint>(std::max(kSlotsMin, 2 * slots_.size())));
    for (const Fingerprint fingerprint : before) {
      if (fingerprint != 0) slots_[slot_of(fingerprint)] = fingerprint;
    }
  }

  std::vector<Fingerprint> slots_;  // a power of two, at most half of them filled
  std::size_t size_ = 0;
};

}  // namespace warren::pubsub
