// When which datagram of a spray leaves, on either side: pure. First one for each flow, at a pace that home
// routers bear; then the same again, for what was lost, and for probes that came before the socket was open
// that they were meant for.
#pragma once

#include <cstddef>

#include "warren/base/time.hpp"

namespace warren::spray {

// 91 flows a second, within the 50 to 100 of docs/nat.md.
inline constexpr Duration kFlowInterval = 11ms;
// 512 x 512 of 64,512 ports meet in 98.3 % of sprays; the probes that the budget for entries still has room
// for make it 99.2 %.
inline constexpr std::size_t kSocketsMax = 512;
inline constexpr std::size_t kProbesMax = 600;
// Openers are sent twice: mappings live for 30 s at least, and only loss asks for more. Probes take up what
// there is of the 20 s.
inline constexpr std::size_t kOpenerPasses = 2;
inline constexpr std::size_t kProbePasses = 3;

class SprayPlan {
 public:
  // The first one is due at `begin`.
  SprayPlan(std::size_t flows, std::size_t passes, Instant begin);

  // When take() may be called next. Who is late gets some of it back by a shorter interval, not by a burst.
  Instant next_at() const { return next_; }
  bool done() const { return pass_ == passes_ || flows_ == 0; }

  struct Send {
    std::size_t flow = 0;  // counted from 0
    bool is_new = false;   // the first one of this flow
  };
  // What is due. Precondition: not done.
  Send take(Instant now);

  // There will be no more flows than so many: the sockets or the budget are at an end.
  void limit_flows(std::size_t flows);

 private:
  void step();

  std::size_t flows_;
  std::size_t passes_;
  std::size_t pass_ = 0;
  std::size_t flow_ = 0;
  Instant due_;   // by the pace alone
  Instant next_;  // and by what was sent last
};

}  // namespace warren::spray
