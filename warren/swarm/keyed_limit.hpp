// Limits that hold for each key apart (each peer, each address...), and places that give themselves back.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "warren/core/limit.hpp"

namespace warren {

// How many things there are of each size; knows the greatest size.
class SizeTally {
 public:
  // A thing's size changed. 0: it is not there.
  void change(std::size_t from, std::size_t to) {
    if (from == to) return;
    if (to > 0) ++sizes_[to];
    if (from == 0) return;
    const auto found = sizes_.find(from);
    if (--found->second == 0) sizes_.erase(found);
  }
  std::size_t greatest() const { return sizes_.empty() ? 0 : sizes_.rbegin()->first; }

 private:
  std::map<std::size_t, std::size_t> sizes_;
};

// One of what a Limit bounds, given back when destroyed. The limit outlives it.
struct GiveBack {
  void operator()(Limit* limit) const { limit->give(); }
};
using LimitPlace = std::unique_ptr<Limit, GiveBack>;

// Null, and a refusal is counted, when there is none left.
inline LimitPlace take_place(Limit& limit) {
  return LimitPlace(limit.take() ? &limit : nullptr);
}

// A Limit that bounds each key's number apart. Its `used` is the greatest of any one key.
template <class Key>
class KeyedLimit {
 public:
  // The limit outlives this.
  explicit KeyedLimit(Limit& limit) : limit_(limit) {}
  KeyedLimit(const KeyedLimit&) = delete;
  KeyedLimit& operator=(const KeyedLimit&) = delete;

  // One of a key's number, given back when destroyed. The KeyedLimit outlives it.
  class Place {
   public:
    Place(Place&& other) noexcept
        : limit_(std::exchange(other.limit_, nullptr)), key_(std::move(other.key_)) {}
    Place& operator=(Place&& other) noexcept {
      std::swap(limit_, other.limit_);
      std::swap(key_, other.key_);
      return *this;
    }
    ~Place() {
      if (limit_ != nullptr) limit_->give(key_);
    }

   private:
    friend KeyedLimit;
    Place(KeyedLimit* limit, Key key) : limit_(limit), key_(std::move(key)) {}
    KeyedLimit* limit_;
    Key key_;
  };

  // std::nullopt, and a refusal is counted, when the key has as many as it may have.
  std::optional<Place> take(const Key& key) {
    if (!has_room(key)) return std::nullopt;
    std::size_t& count = counts_[key];
    tally_.change(count, count + 1);
    ++count;
    limit_.set_used(tally_.greatest());
    return Place(this, key);
  }

  // The same question without taking a place; a no counts as a refusal.
  bool has_room(const Key& key) {
    if (used(key) < limit_.max()) return true;
    limit_.refuse();
    return false;
  }

  std::size_t used(const Key& key) const {
    const auto found = counts_.find(key);
    return found == counts_.end() ? 0 : found->second;
  }
  std::string_view knob() const { return limit_.knob(); }

 private:
  void give(const Key& key) {
    const auto found = counts_.find(key);
    tally_.change(found->second, found->second - 1);
    if (--found->second == 0) counts_.erase(found);
    limit_.set_used(tally_.greatest());
  }

  Limit& limit_;
  std::map<Key, std::size_t> counts_;
  SizeTally tally_;
};

}  // namespace warren
