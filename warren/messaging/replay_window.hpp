// Remembers verified messages for as long as their time stamps are acceptable, so that none is taken twice.
// docs/wire.md, "Receiving".
#pragma once

#include <array>
#include <deque>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "warren/messaging/envelope.hpp"
#include "warren/messaging/limits.hpp"
#include "warren/messaging/sequence_window.hpp"

namespace warren {

// Hashes byte arrays whose sender cannot choose what they collide with by much: std::hash is seedless, but
// the tables are bounded and a sender's nonces share a table with nobody.
struct ArrayHash {
  template <std::size_t N>
  std::size_t operator()(const std::array<std::uint8_t, N>& bytes) const {
    return std::hash<std::string_view>{}(as_text(bytes));
  }
};

class ReplayWindow {
 public:
  explicit ReplayWindow(const MessagingLimits& limits);

  // Whether the message could be new; nothing changes. kReplayed: its nonce was seen, or its sequence number
  // was used or is too old; kRateLimited: the sender is over its quota; kLimitReached: no room for new
  // senders.
  Result<> check(const Header& header, Instant now);

  // After the verification: check() again, since others may have come in the meantime, then remember.
  Result<> remember(const Header& header, Instant now);

  std::size_t nonces() const { return nonces_; }
  std::size_t senders() const { return senders_.size(); }

 private:
  struct Sender {
    struct Seen {
      Instant expires;
      Nonce nonce;
    };
    struct Process {
      Epoch epoch;
      SequenceWindow window;
    };
    std::deque<Seen> order;  // oldest first
    std::unordered_set<Nonce, ArrayHash> nonces;
    std::vector<Process> processes;  // the one heard of last is last
    Instant heard{};
  };

  void expire(Sender& sender, Instant now);
  void forget_idle_senders(Instant now);
  bool has_room_for_a_sender(Instant now);

  MessagingLimits limits_;
  Duration lifetime_;  // after which a message is refused for its time stamp
  std::unordered_map<NodeKey, Sender, ArrayHash> senders_;
  std::size_t nonces_ = 0;
  Instant next_sweep_{};
};

}  // namespace warren
