// What a node's direct paths are made of, top to bottom: the two protocols that agree with peers, the
// coordinator, heartbeats, and the memory of what was tried and what came of it.
#pragma once

#include "warren/node/config.hpp"
#include "warren/node/hole_puncher.hpp"
#include "warren/node/path_report.hpp"
#include "warren/node/path_verdict.hpp"
#include "warren/node/reachability_parts.hpp"
#include "warren/protocols/ping/heartbeats.hpp"
#include "warren/swarm/host.hpp"

namespace warren {

// What the node lends. All of it outlives the parts.
struct PunchingNeeds {
  SwarmHost& host;
  quic::QuicTransport* quic;  // null in a private network
  identify::Identify& identify;
  Reachability::Parts& reachability;
  const Config& config;
};

class PunchingParts {
 public:
  explicit PunchingParts(PunchingNeeds needs);

  void start();
  Task<void> close();

  // Node::why, but for the node's name. Throws kNotFound.
  PathReport report(const PeerId& peer) const;
  const PathCounters& counters() const { return meter_.counters(); }
  HolePuncher& puncher() { return puncher_; }
  ping::Heartbeats& heartbeats() { return heartbeats_; }

 private:
  NatPosition position() const;
  // Whether it will not be known better in a moment.
  bool is_settled() const;
  // Where the NAT is about to let us be seen; empty unless it counts its ports.
  Task<std::vector<Multiaddr>> predicted();
  void note_position();
  void note_path(const PathChange& change);
  std::vector<PathRow> paths(const PeerId& peer, Instant now) const;
  std::vector<CandidateRow> candidates(const PathReport& report, Instant now) const;
  VerdictFacts facts(const PathReport& report) const;

  PunchingNeeds needs_;
  PathLog log_;
  PathMeter meter_;
  dcutr::Dcutr dcutr_;
  spray::Sprayer sprayer_;
  HolePuncher puncher_;
  ping::Heartbeats heartbeats_;
  NatPosition told_;  // as the puncher knows it
  bool was_settled_ = true;
  std::vector<Subscription> subscriptions_;
};

}  // namespace warren
