// Networks that swallow UDP, or IPv6, without a word: where nearly all dials over it have failed, further
// ones are left out, but for a probe now and then. The rules are those of go-libp2p's black hole detector.
#pragma once

#include <cstddef>
#include <deque>
#include <vector>

#include "warren/multiformats/multiaddr.hpp"

namespace warren {

// How the dials over one kind of path went.
class SuccessCounter {
 public:
  enum class State {
    kProbing,  // not known yet: dial
    kAllowed,  // it works: dial
    kBlocked,  // it does not: dial only every `window`th time
  };

  // `window`: results that the state is judged by, and requests from one probe to the next while blocked.
  // `successes_min` of them make it kAllowed. window > 0.
  SuccessCounter(std::size_t window, std::size_t successes_min);

  // Of a dial. A success while blocked starts anew. Dials that were canceled because another one succeeded
  // count as failures: the window is long enough for that.
  void record(bool success);

  // Asks whether one peer may be dialed over such paths. Counts: every window-th answer while blocked is
  // kProbing.
  State request();

  State state() const { return state_; }
  void reset();

 private:
  void update();

  std::size_t window_;
  std::size_t successes_min_;
  std::size_t requests_ = 0;
  std::size_t successes_ = 0;
  std::deque<bool> results_;  // the last `window_`
  State state_ = State::kProbing;
};

class BlackHoleDetector {
 public:
  // go-libp2p's figures.
  static constexpr std::size_t kWindow = 100;
  static constexpr std::size_t kSuccessesMin = 5;

  explicit BlackHoleDetector(std::size_t window = kWindow, std::size_t successes_min = kSuccessesMin)
      : udp_(window, successes_min), ip6_(window, successes_min) {}

  struct Filtered {
    std::vector<Multiaddr> allowed;
    std::vector<Multiaddr> refused;
  };
  // Which of one peer's addresses to dial. Only public ones are judged: loopback and the local network work
  // or not by themselves. While one of UDP and IPv6 is probed, its addresses are allowed even if the other is
  // blocked. Before ranking, so that a probe is really dialed.
  Filtered filter(const std::vector<Multiaddr>& addresses);

  // How a dial that was begun ended.
  void record(const Multiaddr& address, bool success);

  // The network has changed: nothing is known of this one.
  void reset();

  SuccessCounter::State udp() const { return udp_.state(); }
  SuccessCounter::State ip6() const { return ip6_.state(); }

 private:
  SuccessCounter udp_;
  SuccessCounter ip6_;
};

}  // namespace warren
