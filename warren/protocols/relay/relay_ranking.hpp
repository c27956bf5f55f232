// Which relays to ask first: near ones that have room and a good record, in different networks where there is
// a choice, so that one cable or one owner does not take all of them away. Pure.
#pragma once

#include <optional>
#include <unordered_map>
#include <vector>

#include "warren/base/time.hpp"
#include "warren/crypto/peer_id.hpp"
#include "warren/env/endpoint.hpp"
#include "warren/multiformats/multiaddr.hpp"

namespace warren::relay {

// Relays whose record is kept; the oldest is forgotten first.
inline constexpr std::size_t kRecordsMax = 256;

// What a relay did counts half as much after this time.
inline constexpr Duration kRecordHalfLife = 30min;

// The IPv4 /16 or IPv6 /32 that a relay's address is in; none when it tells none.
using RelayNetwork = std::optional<IpAddress>;
RelayNetwork network_of(const Multiaddr& address);

// How a relay has done so far; the counts fade.
struct RelayRecord {
  PeerId relay;
  std::optional<Duration> round_trip_time;
  double granted = 0;
  double refused = 0;  // no room, or none for us
  double failed = 0;   // not reached, or no answer that makes sense
  double broken = 0;   // held, and lost
  double forged = 0;   // its voucher was not what it must be
  Instant as_of{};

  // How much longer a round trip may be to a relay with a clean record, to be as good; lower is better.
  Duration cost(Instant now) const;
};

struct RelayCandidate {
  PeerId relay;
  RelayNetwork network;  // network_of its address
};

class RelayRanking {
 public:
  enum class Event { kGranted, kRefused, kFailed, kBroken, kForged };

  void note(const PeerId& relay, Event event, Instant now);
  void note_round_trip(const PeerId& relay, Duration measured, Instant now);
  Duration cost(const PeerId& relay, Instant now) const;
  // Not counting what has faded.
  double broken_lately(const PeerId& relay, Instant now) const;

  // The best `count` of the candidates: each time the cheapest whose network is used least, by those chosen
  // and those in `used`. Equal ones keep their order.
  std::vector<PeerId> choose(const std::vector<RelayCandidate>& candidates, std::vector<RelayNetwork> used,
                             std::size_t count, Instant now) const;

  // For who keeps records over a restart.
  std::vector<RelayRecord> records() const;
  void restore(const RelayRecord& record);

 private:
  RelayRecord& touch(const PeerId& relay, Instant now);

  std::unordered_map<PeerId, RelayRecord> records_;
};

}  // namespace warren::relay
