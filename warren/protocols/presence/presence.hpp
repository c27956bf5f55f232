// Presence: a node that leaves says goodbye to those it is connected to, so that they need not find out by
// probing. One message a stream, by whose connection its sender is known. docs/wire.md, "Presence".
#pragma once

#include <unordered_map>

#include "warren/async/task_group.hpp"
#include "warren/base/token_bucket.hpp"
#include "warren/core/host.hpp"

namespace warren::presence {

inline constexpr std::string_view kProtocol = "/warren/presence/1.0.0";

// Who leaves has no time to lose: so many peers are told, at once, and whoever has not taken it by then will
// find out otherwise.
inline constexpr std::size_t kPeersToldMax = 128;
inline constexpr Duration kGoodbyeTimeout = 1s;

// For the message, once its stream is open.
inline constexpr Duration kReadTimeout = 5s;
// Nobody leaves more often than this.
inline constexpr double kGoodbyesPerSecond = 0.1;
inline constexpr double kGoodbyesBurst = 3;
// Peers whose goodbyes are counted; more that have said one lately are refused.
inline constexpr std::size_t kPeersCountedMax = 1024;

class Presence {
 public:
  // `host` outlives it.
  explicit Presence(Host& host) : host_(host), telling_(host.env().executor, "presence") {}

  // Listens to others from now on.
  void start();

  // Tells connected peers that speak the protocol, as far as identify knows, and returns when they have taken
  // it, or after kGoodbyeTimeout. To be called before connections are closed. Not twice at the same time.
  Task<void> say_goodbye();

  Task<void> close();

  // Whether the peer has said that it speaks the protocol: whether it is one of us, and not of the wide
  // network only.
  bool speaks(const PeerId& peer) const;

  // A peer is leaving: it said so itself, over a connection of its own. The connection still is open.
  Signal<const PeerId&>& left() { return left_; }

 private:
  Task<void> take(ConnectionPtr connection, StreamPtr stream);
  Task<void> tell(ConnectionPtr connection, Bytes message);
  Task<void> tell_all();
  bool may_say(const PeerId& peer);

  Host& host_;
  Signal<const PeerId&> left_;
  std::unordered_map<PeerId, TokenBucket> budgets_;  // those that are not full
  TaskGroup telling_;
};

}  // namespace warren::presence
