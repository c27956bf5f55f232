// Finds relays through the network's DHT for who has none: public nodes that relay provide one key there.
#pragma once

#include "warren/async/task_group.hpp"
#include "warren/protocols/kad/kad.hpp"
#include "warren/protocols/relay/client.hpp"

namespace warren {

// Providers that one search offers to the client, which ranks them.
inline constexpr std::size_t kRelaysOffered = 16;
// Searches follow each other at this distance at least, and again while the client is hungry.
inline constexpr Duration kRelaySearchInterval = 5s;

class RelayFinder {
 public:
  // All outlive it; `own` may be null.
  RelayFinder(Env& env, relay::Client& client, kad::Kad* own);

  void start();
  Task<void> close();

 private:
  Task<void> search();

  Env& env_;
  relay::Client& client_;
  kad::Kad* own_;
  bool searching_ = false;
  std::vector<Subscription> subscriptions_;
  TaskGroup tasks_;
};

}  // namespace warren
