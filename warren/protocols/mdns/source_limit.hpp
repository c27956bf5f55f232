// How many packets are looked at: of one sender, and of all. Everybody on the network may send, under any
// address.
#pragma once

#include <map>

#include "warren/base/token_bucket.hpp"
#include "warren/env/endpoint.hpp"
#include "warren/protocols/mdns/limits.hpp"

namespace warren::mdns {

class SourceLimit {
 public:
  SourceLimit(const Limits& limits, Instant now);

  // Whether to look at one more packet from there.
  bool admits(const IpAddress& source, Instant now);

  // Senders whose packets are counted.
  std::size_t size() const { return sources_.size(); }

 private:
  TokenBucket& bucket_of(const IpAddress& source, Instant now);

  Limits limits_;
  TokenBucket all_;
  TokenBucket others_;  // senders for whom there is no room
  std::map<IpAddress, TokenBucket> sources_;
};

}  // namespace warren::mdns
