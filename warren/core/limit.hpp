// One limit of the node, with its account: how much of it is used, and how often it refused. Whatever a peer
// can make grow is taken from one of these. Used in the loop only.
#pragma once

#include <cstdint>
#include <string_view>

namespace warren {

// A line of `warren limits`.
struct LimitUse {
  std::string_view knob;   // its name, as refusals tell it and as warren.toml sets it
  std::string_view about;  // what it bounds, in a few words
  std::uint64_t used = 0;
  std::uint64_t max = 0;
  std::uint64_t refused = 0;  // since the start
};

class Limit {
 public:
  // The texts outlive the limit.
  Limit(std::string_view knob, std::string_view about, std::uint64_t max)
      : use_{.knob = knob, .about = about, .max = max} {}

  // Takes it, or counts a refusal and takes nothing.
  bool take(std::uint64_t amount = 1) {
    if (use_.max - use_.used < amount) {
      refuse();
      return false;
    }
    use_.used += amount;
    return true;
  }
  void give(std::uint64_t amount = 1) { use_.used -= amount; }

  // For limits whose use is counted elsewhere: by peer, by address, in a message.
  void refuse() { ++use_.refused; }
  void set_used(std::uint64_t used) { use_.used = used; }

  std::string_view knob() const { return use_.knob; }
  std::uint64_t max() const { return use_.max; }
  std::uint64_t used() const { return use_.used; }
  const LimitUse& use() const { return use_; }

 private:
  LimitUse use_;
};

}  // namespace warren
