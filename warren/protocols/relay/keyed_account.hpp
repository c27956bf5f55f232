// A limit that holds for each key apart: for each address, each network, each peer.
#pragma once

#include <algorithm>
#include <map>

#include "warren/core/limit.hpp"

namespace warren::relay {

// The account's `used` is the greatest of any one key.
template <class Key>
class KeyedAccount {
 public:
  // The limit outlives this.
  explicit KeyedAccount(Limit& limit) : limit_(limit) {}

  bool has_room(const Key& key) const { return count(key) < limit_.max(); }
  void refuse() { limit_.refuse(); }

  void add(const Key& key) { limit_.set_used(std::max(limit_.used(), ++counts_[key])); }
  // Precondition: it was added.
  void remove(const Key& key) {
    const auto found = counts_.find(key);
    const bool was_greatest = found->second == limit_.used();
    if (--found->second == 0) counts_.erase(found);
    if (was_greatest) limit_.set_used(greatest());
  }
  std::uint64_t count(const Key& key) const {
    const auto found = counts_.find(key);
    return found == counts_.end() ? 0 : found->second;
  }

 private:
  std::uint64_t greatest() const {
    std::uint64_t most = 0;
    for (const auto& [key, count] : counts_) most = std::max(most, count);
    return most;
  }

  Limit& limit_;
  std::map<Key, std::uint64_t> counts_;
};

}  // namespace warren::relay
