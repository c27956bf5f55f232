// The numbers of broadcasts that a file holds, as ranges in memory: what is asked for every few seconds would
// cost a walk over all rows each time.
#pragma once

#include <map>
#include <vector>

#include "warren/core/broadcast_store.hpp"

namespace warren {

// Sorted ranges of numbers. 0 and the last of 64 bits are none.
class NumberRanges {
 public:
  void add(std::uint64_t number);
  void remove(std::uint64_t number);
  const std::map<std::uint64_t, std::uint64_t>& ranges() const { return ranges_; }  // the last by the first

 private:
  std::map<std::uint64_t, std::uint64_t> ranges_;
};

class BroadcastNumbers {
 public:
  struct Origin {
    BroadcastOrigin origin;
    NumberRanges numbers;
  };
  using Origins = std::map<std::int64_t, Origin>;  // by their rows
  // One message: the rows of its topic and origin, and its number.
  struct Place {
    std::int64_t topic = 0, origin = 0;
    std::uint64_t seq = 0;
    bool operator==(const Place&) const = default;
  };

  // Null when the topic is not in memory.
  Origins* find(std::int64_t topic);
  Origins& put(std::int64_t topic, Origins origins);
  // Of topics that are in memory.
  void add(const Place& place, const BroadcastOrigin& origin);
  void remove(const Place& place);
  void clear() { topics_.clear(); }

  // In the order of origins and numbers.
  static std::vector<BroadcastRange> ranges_of(const Origins& origins);

 private:
  std::map<std::int64_t, Origins> topics_;
};

}  // namespace warren
