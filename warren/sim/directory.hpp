// Names, addresses and descriptions that thousands of hosts know of each other, each held once: hosts keep
// numbers.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <unordered_map>
#include <vector>

#include "warren/core/peerstore.hpp"

namespace warren::sim {

// Values and their numbers, in the order of their coming.
template <class T>
class Numbered {
 public:
  std::uint32_t number_of(const T& value) {
    const auto [entry, is_new] = numbers_.try_emplace(value, static_cast<std::uint32_t>(values_.size()));
    if (is_new) values_.push_back(&entry->first);
    return entry->second;
  }
  std::optional<std::uint32_t> find(const T& value) const {
    const auto found = numbers_.find(value);
    return found == numbers_.end() ? std::nullopt : std::optional(found->second);
  }
  const T& value(std::uint32_t number) const { return *values_[number]; }

 private:
  std::unordered_map<T, std::uint32_t> numbers_;
  std::vector<const T*> values_;
};

struct Directory {
  Numbered<PeerId> peers;
  Numbered<Multiaddr> addresses;
  std::deque<PeerDescription> descriptions;  // few differ

  std::uint32_t number_of(const PeerDescription& description);
};

}  // namespace warren::sim
