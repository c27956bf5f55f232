// What a broadcast must fulfil, cheap checks first, and what it costs whom when it does not: docs/wire.md,
// "Broadcast". No I/O; times come as arguments.
#pragma once

#include <deque>
#include <string>
#include <unordered_map>

#include "warren/broadcast/limits.hpp"
#include "warren/messaging/envelope.hpp"
#include "warren/messaging/peer_buckets.hpp"
#include "warren/messaging/replay_window.hpp"

namespace warren {

// How a broadcast came here.
enum class BroadcastWay {
  kLive,        // just now, by gossipsub
  kRemembered,  // the same, on a topic whose messages are remembered over restarts
  kFetched,     // on such a topic, because we asked for it
};

struct OpenedBroadcast {
  Envelope envelope;
  Header header;
};

class TopicRules {
 public:
  // `started`: live messages stamped before are refused, because nothing is known of what came then.
  TopicRules(WallTime started, const BroadcastLimits& limits);

  // The size, the form, and that it is a clear broadcast for this context. kMalformed, kTooLarge...;
  // kUnsupported: another version, or a sealed body; kWrongNetwork: another context; kWrongProtocol: another
  // kind.
  Result<OpenedBroadcast> open(Bytes wire, std::string_view context) const;

  // `since`: when the topic was first subscribed for good; nothing older is fetched. kClockSkew,
  // kBeforeStart, kRecordExpired; kTooLarge: its life is too long; kUnsupported: fetched, and not of a stored
  // kind.
  Result<> check_time(const Header& header, BroadcastWay way, WallTime since, WallTime now) const;

  // Of a message whose number was had: whether it is that same one, as far as is remembered. Else it must be
  // verified once more: its origin may have given a number twice.
  bool is_copy(const std::string& topic, const Header& header) const;

  // Before the signature is checked: a token of the origin's. kRateLimited: the origin is over its rate, or
  // who brought it brings too many bad signatures. What we fetch is not counted: we set the pace.
  Result<> take_turn(const Header& header, BroadcastWay way, const PeerId& from, Instant now);
  // The signature is bad: so the origin has no part in it, and who brought it has.
  void note_forgery(const Header& header, BroadcastWay way, const PeerId& from, Instant now);

  // It is verified, and the first of its number.
  void remember(const std::string& topic, const Header& header);

 private:
  Result<> check_live(WallTime timestamp, WallTime now) const;
  static std::string number_of(const std::string& topic, const Header& header);

  WallTime started_;
  BroadcastLimits limits_;
  KeyedBuckets<NodeKey, ArrayHash> origins_;
  PeerBuckets forgers_;
  std::unordered_map<std::string, Nonce> nonces_;  // by number_of
  std::deque<std::string> order_;                  // of these, oldest first
};

// Whether who forwards or serves such a message must have known that it is bad: it can be seen from the
// message alone, at any time and place. Not so for one that is late, early, too many, or came before; nor for
// what a later version may have made.
bool is_provably_bad(std::error_code error);

}  // namespace warren
