// How often this node dials back for others: sliding minutes, for all, for each peer and the IP it comes
// from, and for those who are dialed at an IP that is not the asker's.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <vector>

#include "warren/base/time.hpp"
#include "warren/core/limit.hpp"
#include "warren/crypto/peer_id.hpp"
#include "warren/env/endpoint.hpp"

namespace warren::autonat {

inline constexpr Duration kBudgetWindow = 60s;
// Questions under way at a time, and of one peer: the second one waits for the first.
inline constexpr std::size_t kParallelMax = 16;
inline constexpr std::size_t kParallelPerPeerMax = 2;
// PeerIDs cost nothing: all that come from one IP get so many times what one peer gets.
inline constexpr std::size_t kPeersPerIp = 2;
// Dials, in a minute, to IPs that are not the asker's: go-libp2p's figure. And to one such IP.
inline constexpr std::size_t kForeignDialsMax = 12;
inline constexpr std::size_t kForeignDialsPerIpMax = 3;

class DialBudget {
 public:
  // The limits outlive it.
  DialBudget(Limit& dials, Limit& dials_per_peer) : dials_(dials), per_peer_(dials_per_peer) {}

  // A question is taken up. False: over a limit, which has counted it. Each true one is ended.
  bool begin(const PeerId& peer, const IpAddress& from, Instant now);
  void end(const PeerId& peer);

  // It leads to an IP that is not the asker's.
  bool take_foreign(const IpAddress& target, Instant now);

 private:
  struct Taken {
    Instant at;
    PeerId peer;
    IpAddress from;
  };
  struct Foreign {
    Instant at;
    IpAddress target;
  };

  void forget_old(Instant now);

  Limit& dials_;
  Limit& per_peer_;
  std::deque<Taken> taken_;  // no longer than the limit of all
  std::deque<Foreign> foreign_;
  std::map<PeerId, std::size_t> running_;
  std::size_t running_total_ = 0;
};

}  // namespace warren::autonat
