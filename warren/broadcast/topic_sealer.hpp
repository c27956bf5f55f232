// Puts what we broadcast into signed envelopes, and numbers it: on each topic from 1, without holes.
// docs/wire.md, "Broadcast".
#pragma once

#include <string>
#include <unordered_map>

#include "warren/core/broadcast_store.hpp"
#include "warren/env/env.hpp"
#include "warren/messaging/envelope.hpp"

namespace warren {

class TopicSealer {
 public:
  // `env` and `key` outlive this object, which has one epoch.
  TopicSealer(Env& env, const Sm2PrivateKey& key, std::string network);

  struct Draft {
    std::string topic;  // its name
    WallTime timestamp{};
    std::chrono::milliseconds ttl{};  // 0: live
    Bytes payload;
  };
  struct Sealed {
    MessageId id{};
    std::uint64_t seq = 0;
    Bytes wire;  // the Envelope
  };

  // Under the topic's next number, signed on the offload pool. The number is used when use() is told so: one
  // that was never sent may be given to another. Precondition: one at a time of a topic.
  Task<Sealed> seal(Draft draft);
  void use(const std::string& topic) { ++last_[topic]; }

  // Who we are in this run.
  const BroadcastOrigin& origin() const { return origin_; }

 private:
  Env& env_;
  const Sm2PrivateKey& key_;
  std::string network_;
  BroadcastOrigin origin_;
  std::unordered_map<std::string, std::uint64_t> last_;  // the numbers used, by topic
};

}  // namespace warren
