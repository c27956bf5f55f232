// What is believed of one socket of ours, given what peers say: pure. Each network has one vote, that of its
// last speaker; votes lose weight with time, and those who were wrong lately weigh less.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <vector>

#include "warren/base/time.hpp"
#include "warren/crypto/peer_id.hpp"
#include "warren/env/endpoint.hpp"

namespace warren::autonat {

enum class Verdict { kUnknown, kReachable, kUnreachable };
std::string_view to_string(Verdict verdict);  // "unknown", "reachable", "unreachable"

// How long a verdict holds after it was last confirmed. It is checked anew at half of that.
inline constexpr Duration kVerdictLife = 15min;
// A vote weighs half after so long.
inline constexpr Duration kVoiceHalfLife = 10min;
inline constexpr std::size_t kVoicesMax = 8;
inline constexpr std::size_t kCreditsMax = 256;

// What a vote weighs: with a nonce, or an explicit failure; without proof (v1); and when all that is known is
// that it did not work.
inline constexpr double kFullWeight = 1.0;
inline constexpr double kUnprovenWeight = 0.6;
inline constexpr double kFailedWeight = 0.3;
// Votes that make a verdict of nothing; and that change one, which takes two networks.
inline constexpr double kFirstVerdictMin = 0.5;
inline constexpr double kFlipMin = 1.5;
// Votes from before the first contrary one may be out of date: they weigh this much of themselves against
// those. Two contrary votes therefore win over two, and lose to three.
inline constexpr double kEarlierShare = 0.7;

// Networks that must agree for nobody else to be asked before half of the verdict's life is over.
inline constexpr std::size_t kSettledBy = 3;

// How far a peer is believed, from 0.25 to 1: less after it has been outvoted, more again when it agrees.
class Credits {
 public:
  double of(const PeerId& peer) const;
  void raise(const PeerId& peer);
  void lower(const PeerId& peer);

 private:
  std::map<PeerId, double> below_one_;
};

class Opinion {
 public:
  // A peer says that the socket is reachable, or is not. Whether the verdict is another one now.
  bool hear(const PeerId& by, const IpAddress& network, bool reachable, double weight, Credits& credits,
            Instant now);
  void forget() { *this = Opinion(); }

  // kUnknown once it has expired.
  Verdict verdict(Instant now) const;
  // Of the verdict: how one-sided the votes are, and how many. 0 when it is unknown.
  double confidence(const Credits& credits, Instant now) const;
  // When somebody last agreed with the verdict. Precondition: there is one.
  Instant confirmed() const { return confirmed_; }
  // Who agreed, the newest first.
  std::vector<PeerId> confirmed_by(Instant now) const;
  // Networks that have said so.
  std::set<IpAddress> networks(bool reachable, Instant now) const;
  // Enough networks agree, and more have done so again than have said otherwise since somebody did.
  bool is_settled(Instant now) const;

 private:
  struct Voice {
    PeerId by;
    IpAddress network;
    bool reachable = false;
    double weight = 0;
    int repeats = 1;      // how often in a row
    bool blamed = false;  // its speaker has paid for it
    Instant first;        // of these
    Instant at;
  };

  void put(const PeerId& by, const IpAddress& network, bool reachable, double weight, Instant now);
  void make_room(const IpAddress& network);
  void blame(bool reachable, Credits& credits, Instant now);
  bool must_flip(const Credits& credits, Instant now) const;
  // The votes of one side; those that began before `discounted_before` count in part.
  double weigh(bool reachable, const Credits& credits, Instant now, Instant discounted_before) const;
  void set(bool reachable, Instant now);

  Verdict verdict_ = Verdict::kUnknown;
  Instant confirmed_{};
  std::vector<Voice> voices_;
};

}  // namespace warren::autonat
