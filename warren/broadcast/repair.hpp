// `/warren/repair/1.0.0`: a subscriber says what it has of a topic, and is given what it lacks. docs/wire.md,
// "Repair".
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "warren/broadcast/limits.hpp"
#include "warren/core/broadcast_store.hpp"
#include "warren/core/host.hpp"

namespace warren {

inline constexpr std::string_view kRepairProtocol = "/warren/repair/1.0.0";

struct RepairAnswer {
  std::vector<Bytes> envelopes;       // what the asker lacks, as far as it fits; not verified
  std::vector<BroadcastRange> known;  // what the answerer knows to exist of the topic and `held` leaves out
  std::vector<BroadcastRange> gone;   // of these: not kept any more. As all of this, the word of a peer
  bool more = false;                  // there was no room for all: ask again with what is held then
};

// One exchange with a connected peer: what `held` leaves out of the topic, since `since`. `topic` is the name
// on the wire. `held` in any order, but origins that come first have the first room in a request
// (GapBook::held). Throws kProtocolNotSupported, kTimedOut; kNotSubscribed: the peer does not serve the
// topic; kRateLimited; kLimitReached: it is busy; kRejectedByPeer: it failed; kMalformed, kTooLarge...: it
// broke the rules.
Task<RepairAnswer> ask_repair(Host& host, ConnectionPtr connection, std::string topic, WallTime since,
                              std::vector<BroadcastRange> held, BroadcastLimits limits);

// Answers others, from the store, whose topics are named as on the wire; topics that `serves` denies are
// answered as unknown. Until it is destroyed; its tasks end with the host's streams, and the store outlives
// these.
class RepairServer {
 public:
  RepairServer(Host& host, BroadcastStore& store, const BroadcastLimits& limits,
               std::function<bool(const std::string& topic)> serves);
  ~RepairServer();
  RepairServer(const RepairServer&) = delete;
  RepairServer& operator=(const RepairServer&) = delete;

 private:
  struct State;
  std::shared_ptr<State> state_;  // shared with the exchanges that go on
};

}  // namespace warren
