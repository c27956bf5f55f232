// The easy side of a spray: sends from the socket that QUIC listens on, whose mapping everybody sees alike,
// to many ports of the hard side's IP.
#pragma once

#include <deque>
#include <functional>
#include <optional>

#include "warren/core/shared_sockets.hpp"
#include "warren/env/env.hpp"
#include "warren/protocols/spray/probe.hpp"
#include "warren/protocols/spray/spray_budget.hpp"

namespace warren::spray {

// Ports below are not given to anybody by a NAT, and belong to services.
inline constexpr std::uint16_t kPortMin = 1024;
// After an answer: as long as the other side may need to dial, no further flow is made.
inline constexpr Duration kAnswerPause = 4s;

class Prober {
 public:
  // `local`: what QUIC's socket is bound to; all outlive it.
  Prober(Env& env, SharedSockets& sockets, SprayBudget& budget, const Endpoint& local,
         const IpAddress& target, const Secret& secret);

  // Sends until it is done or canceled. Once.
  Task<void> run();

  // Ports that were probed, and whether more were meant to be.
  std::size_t probed() const { return ports_.size(); }
  bool stinted() const { return stinted_; }
  // Whether the other side has answered from one of them.
  bool answered() const { return answered_.has_value(); }

 private:
  void on_datagram(const Datagram& datagram, const Endpoint& local);
  std::uint16_t draw_port();
  // False: there is no socket any more.
  Task<bool> send(std::uint16_t port);

  Env& env_;
  SharedSockets& sockets_;
  SprayBudget& budget_;
  Endpoint local_;
  IpAddress target_;
  Secret secret_;
  Bytes probe_;
  std::vector<bool> drawn_;           // by port
  std::vector<std::uint16_t> ports_;  // in the order of drawing
  std::deque<std::uint16_t> hints_;   // an opener came from there
  bool stinted_ = false;
  std::optional<Instant> answered_;
  Subscription strays_;
};

}  // namespace warren::spray
