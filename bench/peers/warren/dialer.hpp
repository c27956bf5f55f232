// What a dialer does, and how long it takes.
#pragma once

#include "bench/peers/warren/peer.hpp"

namespace warren::bench {

class Dialer {
 public:
  // `env` outlives it. The options name a target.
  Dialer(Env& env, Options options) : env_(env), options_(std::move(options)), peer_(env, options_.way) {}

  // Connects, where the operation does not do it itself.
  Task<void> start();
  // Does the operation once and returns the line that reports it.
  Task<std::string> run(std::uint64_t amount);
  Task<void> close();

 private:
  using Times = std::vector<Duration>;

  Task<void> work(std::uint64_t amount, Times& times);
  // Does `part` on as many streams as wanted, each with its share of the amount.
  Task<void> on_each_stream(std::uint64_t amount, Task<void> (Dialer::*part)(std::uint64_t, Times&),
                            Times& times);
  Task<void> transfer(std::uint64_t bytes, Times& times);
  Task<void> requests(std::uint64_t count, Times& times);
  Task<void> connects(std::uint64_t count, Times& times);
  Task<void> open_idle(std::uint64_t count);
  Task<void> add_idle(Peer* peer);

  Env& env_;
  Options options_;
  Peer peer_;
  ConnectionPtr connection_;
  std::vector<std::unique_ptr<Peer>> idle_;  // those that hold idle connections
};

}  // namespace warren::bench
