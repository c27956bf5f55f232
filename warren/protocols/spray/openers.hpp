// The hard side of a spray: many sockets, each of which gets a mapping of its own towards one endpoint, and
// one of which a probe may find.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <vector>

#include "warren/async/task_group.hpp"
#include "warren/env/env.hpp"
#include "warren/protocols/spray/probe.hpp"
#include "warren/protocols/spray/spray_budget.hpp"

namespace warren::spray {

// Openers cross so many routers: enough for one's own NATs, a carrier's included, and too few for the other
// side's, some of which shut out who comes unasked.
inline constexpr std::uint8_t kOpenerHops = 4;
inline constexpr std::uint8_t kUsualHops = 64;
// When the process is at its limit of open files, so many are left to the others.
inline constexpr std::size_t kSocketsSpared = 32;

class Openers {
 public:
  // `local`: the address that sockets are bound to; `target`: where the other side's QUIC is seen. All
  // outlive it; close() comes before its end.
  Openers(Env& env, SprayBudget& budget, const IpAddress& local, const Endpoint& target, const Secret& secret,
          std::function<void()> on_hit);

  // Opens, and sends what opens, until it is done or canceled. Once.
  Task<void> run();
  Task<void> close();

  struct Hit {
    std::unique_ptr<DatagramSocket> socket;
    Endpoint from;  // of the other side's IP
  };
  // The next socket that a probe has found.
  std::optional<Hit> take_hit();

  // That had a mapping, at most so many; and whether more were meant to be.
  std::size_t opened() const { return opened_; }
  bool stinted() const { return stinted_; }

 private:
  struct Found {
    std::size_t socket;
    Endpoint from;
  };

  // Whether there is a further socket now.
  bool open_one();
  Task<void> send(std::size_t socket);
  Task<void> listen(std::size_t socket);
  void spare_some();

  Env& env_;
  SprayBudget& budget_;
  Endpoint local_;
  Endpoint target_;
  Secret secret_;
  Bytes opener_;
  std::function<void()> on_hit_;
  std::vector<std::unique_ptr<DatagramSocket>> sockets_;  // null: gone
  std::size_t opened_ = 0;
  bool stinted_ = false;
  std::optional<std::size_t> sending_;  // to which a send is under way
  std::deque<Found> found_;
  TaskGroup tasks_;
};

}  // namespace warren::spray
