// What a STUN server answers, and how much of it: pure.
//
// No more bytes are answered than were received before, over all requests together, so that a server is of no
// use to who forges the address of a victim. A request of 100 bytes (ours; or one with SOFTWARE or PADDING)
// pays for the longest answer; a bare one of 20 bytes gets its answer of 32 (IPv6: 44) from what others have
// paid too much, or else at its retransmission, half a second later.
#pragma once

#include <map>

#include "warren/base/token_bucket.hpp"
#include "warren/core/limit.hpp"
#include "warren/protocols/stun/message.hpp"

namespace warren::stun {

// What was received and not answered is remembered up to this: some hundred bare answers.
inline constexpr std::uint64_t kSurplusMax = 4096;
// Senders (IPv6: networks of 64 bits) that are counted each for itself; further ones share one account.
inline constexpr std::size_t kSourcesMax = 1024;

class Answering {
 public:
  // The limits are those of one second, and outlive it.
  Answering(Limit& answers, Limit& answers_per_ip, Instant now);

  // A datagram, and what the server could answer it from.
  struct Asked {
    Endpoint from;
    Endpoint at;                               // where it was received
    std::optional<Endpoint> other_port{};      // the same address, another port
    std::optional<IpAddress> other_address{};  // with a socket at either port
  };
  struct Reply {
    Bytes bytes;
    ChangeRequest from{};  // from the other address, the other port
  };
  // std::nullopt: no request, too many, or not paid for.
  std::optional<Reply> answer(BytesView datagram, const Asked& asked, Instant now);

  // Whether a probe may be sent there. It needs no payment: who asked for it sent more than its bytes.
  bool may_probe(const IpAddress& target, Instant now) { return within_rate(target, now); }

  // Of requests, and of their answers.
  std::uint64_t bytes_received() const { return received_; }
  std::uint64_t bytes_answered() const { return answered_; }
  std::size_t sources() const { return sources_.size(); }

 private:
  bool within_rate(const IpAddress& source, Instant now);
  TokenBucket& bucket_of(const IpAddress& source, Instant now);

  Limit& answers_;
  Limit& answers_per_ip_;
  TokenBucket all_;
  TokenBucket others_;  // of senders for whom there is no room
  std::map<IpAddress, TokenBucket> sources_;
  std::uint64_t surplus_ = 0;
  std::uint64_t received_ = 0;
  std::uint64_t answered_ = 0;
};

}  // namespace warren::stun
