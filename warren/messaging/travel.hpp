// How one conversation goes from path to path, when those break under it: whether to try again, how long to
// wait for another path, and what to tell when there is none.
#pragma once

#include "warren/messaging/path_choice.hpp"

namespace warren {

class Travel {
 public:
  // A peer that hangs up over a direct path while we ask is not asked more often than that; paths that die,
  // and circuits that end by their limits, say nothing against the next one.
  static constexpr int kHangUpsMax = 2;
  static constexpr int kAttemptsMax = 8;
  // Whoever moves to another network, or whose router starts anew, is back within this time after the path
  // died. Where a relayed path is there by then, a direct one is worth waiting for until the last call.
  static constexpr Duration kPatience = std::chrono::seconds(15);
  // So long before the deadline it is still time to tell why there is no answer.
  static constexpr Duration kTellTime = std::chrono::milliseconds(500);
  // A circuit that is younger is soon followed by a direct path, if there is one through the NATs.
  static constexpr Duration kPunchTime = std::chrono::seconds(3);

  // `deadline`: when whoever waits for the conversation stops it.
  explicit Travel(Instant deadline) : last_call_(deadline - kTellTime) {}

  // An attempt begins over this connection.
  void set_out(ConnectionPtr connection);
  // Its message, of so many bytes, is about to be sent; and now the last part of it, which may arrive also
  // when the write fails.
  void send(std::size_t wire_size) { wire_size_ = wire_size; }
  void send_last() { may_be_whole_ = true; }
  int attempts() const { return attempts_; }
  Instant last_call() const { return last_call_; }

  // The attempt ended with this error. Throws what that means, unless another attempt may help.
  void broke(const std::system_error& error, Instant now);
  // And now there is no path for another attempt: throws what that means after all that was tried.
  [[noreturn]] void give_up(const std::system_error& no_path) const;

  // Until when a path is worth waiting for, that did not come up with this error. `best`: what is open, or
  // null. In the past: not at all.
  Instant patient_until(std::error_code no_path, const Connection* best) const;

 private:
  bool surely_incomplete() const;

  Instant last_call_;
  ConnectionPtr connection_;
  std::uint64_t sent_before_ = 0;  // over the circuit
  std::size_t wire_size_ = 0;
  bool may_be_whole_ = false;
  int attempts_ = 0;
  int hang_ups_ = 0;
  bool was_relayed_ = false;       // an attempt that broke
  bool may_have_arrived_ = false;  // in any attempt
  bool direct_died_ = false;
  std::optional<Instant> died_at_;  // the last path that did not end in good order
};

// find_path for a conversation under way. When a path has died under it, a new one is waited for, some
// seconds at most; and so is a direct one when only a circuit is there that carries too little: as long as
// the deadline allows if a direct one has died, a moment if the circuit is young. Throws what find_path
// throws, at the last call at the latest.
Task<Path> next_path(MessagingParts& parts, PeerInfo to, CallOptions options, PathNeed need,
                     const Travel& travel);

}  // namespace warren
