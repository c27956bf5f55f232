// Thousands of hosts in one process and one virtual time, for simulations of whole networks. What protocols
// see is real; transports, security and muxer are left out: opening a connection costs its round trips, and
// what it would cost in cryptography is counted. The same seed gives the same run.
//
//   sim::Crowd crowd({.seed = 7});
//   const auto alice = crowd.add_host(), bob = crowd.add_host();
//   bob->handle("/echo/1.0.0", echo);
//   crowd.loop().run(scenario(*alice, PeerInfo{bob->peer_id(), bob->addresses()}));
#pragma once

#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "warren/env/env.hpp"
#include "warren/sim/directory.hpp"
#include "warren/sim/loop.hpp"
#include "warren/sim/random.hpp"

namespace warren::sim {

class PlainHost;

struct CrowdOptions {
  std::uint64_t seed = 1;
  // Between two hosts it is always the same, drawn from a lognormal distribution: 5 % of the pairs are above
  // exp(1.645 spread) medians, which is 215 ms here.
  Duration round_trip_median = 80ms;
  double round_trip_spread = 0.6;
  // Before the first stream can be opened. QUIC: 1; TCP with Noise or TLS: 2.
  int handshake_round_trips = 1;
  Duration dial_limit = 5s;  // where nobody answers
  // A host that dies says nothing; others' connections to it end so much later, as keep-alives find out.
  Duration silence_limit = 20s;
  // Connections that nobody has used for so long are closed, and above the number those used longest ago, if
  // that is more than a few seconds: protected ones excepted.
  Duration idle_limit = 1min;
  std::size_t connections_max = 32;
};

// What happened in the whole crowd so far.
struct CrowdCounters {
  std::uint64_t dials = 0;
  std::uint64_t dials_failed = 0;
  std::uint64_t handshakes = 0;  // by pair: each costs both ends
  std::uint64_t streams = 0;
  std::uint64_t messages = 0;  // writes that set out
  std::uint64_t bytes = 0;     // of their contents
};

class Crowd {
 public:
  explicit Crowd(CrowdOptions options = {});
  ~Crowd();
  Crowd(const Crowd&) = delete;
  Crowd& operator=(const Crowd&) = delete;

  // A host with a public IPv4 address of its own, far from its neighbours' in number, and an Ed25519 key that
  // follows from the seed. The crowd outlives it; close() it before it goes.
  std::unique_ptr<PlainHost> add_host();
  // One that is called by this name and has no key: for attackers, who choose their names.
  std::unique_ptr<PlainHost> add_host(const PeerId& named);

  Loop& loop() { return loop_; }
  Clock& clock() { return loop_.clock(); }
  Instant now() const { return loop_.now(); }
  const CrowdOptions& options() const { return options_; }
  CrowdCounters& counters() { return counters_; }
  Directory& directory() { return directory_; }

  // There and back, between two hosts by their numbers.
  Duration round_trip(std::uint32_t a, std::uint32_t b) const;
  Multiaddr address_of(std::uint32_t host) const;
  // Null when it is gone.
  PlainHost* host(std::uint32_t number) const { return hosts_[number].host; }
  // Who lives at the first of the addresses where anybody does, dead or alive.
  std::optional<std::uint32_t> host_at(const std::vector<Multiaddr>& addresses) const;

  // What happened goes into the run's fingerprint, with its time. Two runs of one seed have equal ones.
  void trace(std::uint64_t kind, std::uint64_t a = 0, std::uint64_t b = 0, std::uint64_t c = 0);
  std::uint64_t fingerprint() const { return fingerprint_; }

 private:
  friend class PlainHost;

  struct Place {
    PlainHost* host = nullptr;
    std::uint32_t ip = 0;
  };
  std::uint32_t next_ip();

  CrowdOptions options_;
  CrowdCounters counters_;
  std::uint64_t fingerprint_ = 0xcbf29ce484222325;
  std::uint32_t ip_ = 0;
  std::vector<Place> hosts_;
  std::unordered_map<std::uint32_t, std::uint32_t> by_ip_;
  Directory directory_;
  InlineOffload offload_;
  std::unique_ptr<Network> network_;
  Loop loop_;  // goes first: suspended tasks still use the rest
};

}  // namespace warren::sim
