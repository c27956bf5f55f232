// What an envelope must fulfil before anything expensive is done with it, in the order of docs/wire.md,
// "Receiving": cheap checks first. No I/O; times come as arguments.
#pragma once

#include "warren/messaging/envelope.hpp"
#include "warren/messaging/limits.hpp"
#include "warren/messaging/peer_buckets.hpp"
#include "warren/messaging/replay_window.hpp"

namespace warren {

class ReceiveRules {
 public:
  // `started`: what is stamped before is refused, because the replay window knows nothing of it.
  ReceiveRules(const NodeId& self, std::string network, WallTime started, const MessagingLimits& limits);

  // What the envelope must be for: a protocol, and one kind of message.
  struct Purpose {
    std::string_view protocol;
    MessageKind kind;
  };
  struct Moment {
    WallTime wall;
    Instant instant;
  };

  // All checks that need neither the sender's binding nor its signature. Takes a token from `peer`, who
  // brought the envelope; else changes nothing. kUnsupported: a sealed body or a stored kind; kWrongNetwork;
  // kWrongProtocol: another protocol or kind; kWrongRecipient; kClockSkew; kBeforeStart; kReplayed;
  // kRateLimited; kLimitReached.
  Result<> check(const Header& header, Purpose purpose, const PeerId& peer, Moment now);

  // The sender must be the node that the connection is bound to: kNotBound.
  static Result<> check_sender(const Header& header, const NodeId& bound);

  // After the signature was verified and the message is taken. kReplayed when another copy was faster.
  Result<> remember(const Header& header, Instant now) { return window_.remember(header, now); }

  // A token for something else that costs verifications. False: kRateLimited.
  bool take_tokens(const PeerId& peer, Instant now, double tokens) {
    return buckets_.take(peer, now, tokens);
  }

  const ReplayWindow& window() const { return window_; }

 private:
  Result<> check_time(WallTime timestamp, WallTime now) const;

  NodeKey self_;
  std::string network_;
  WallTime started_;
  MessagingLimits limits_;
  ReplayWindow window_;
  PeerBuckets buckets_;
};

}  // namespace warren
