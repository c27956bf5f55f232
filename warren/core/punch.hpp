// Direct paths through NATs, which both sides make at the same instant. Protocols agree with the peer on the
// instant, the roles and the addresses (protocols/dcutr, protocols/spray); a PunchDialer makes the path.
// https://github.com/libp2p/specs/blob/master/relay/DCUtR.md
#pragma once

#include <vector>

#include "warren/core/connection.hpp"
#include "warren/core/dial_outcome.hpp"
#include "warren/core/relay_reason.hpp"

namespace warren {

// Who is the client for what runs on the new connection, whoever's packet came first.
enum class PunchRole {
  kClient,  // dials
  kServer,  // over QUIC, sends datagrams that mean nothing until the peer's handshake gets in; over TCP,
            // dials, and then lets the peer speak first
};

struct PunchCall {
  PeerId peer;
  PunchRole role = PunchRole::kClient;
  std::vector<Multiaddr> addresses;  // direct ones, without /p2p, filtered by who asks
  PathMeans means = PathMeans::kPunch;
  Duration time_max = 5s;
};

struct PunchOutcome {
  ConnectionPtr connection;           // direct, by whichever side; null: none came about
  std::error_code error;              // then: what most attempts failed with
  std::vector<DialOutcome> attempts;  // each address
};

class PunchDialer {
 public:
  virtual ~PunchDialer() = default;

  // Tries all addresses at once and again, within the budget for new flows, until there is a direct
  // connection to the peer, or the time is over. Failures come back as values. Cancelable.
  virtual Task<PunchOutcome> punch(PunchCall call) = 0;
};

// One attempt of both sides to get a direct path, as protocols tell it.
struct PunchRound {
  PeerId peer;
  PathMeans means = PathMeans::kPunch;
  bool ours = true;  // we began it
  Instant began{};
  Duration took{};
  Duration round_trip_time{};         // of the relayed path, as the exchange measured it
  std::vector<Multiaddr> told;        // our addresses
  std::vector<Multiaddr> heard;       // the peer's, those that we tried
  std::error_code error;              // none: there is a direct path
  std::optional<RelayReason> reason;  // of a failure, as far as this round can tell
  std::string why;                    // in words, of a failure
};

}  // namespace warren
