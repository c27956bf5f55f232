// A rendezvous point: peers register here under names, and others ask who has.
// https://github.com/libp2p/specs/blob/master/rendezvous/README.md
#pragma once

#include <map>

#include "warren/base/token_bucket.hpp"
#include "warren/core/host.hpp"
#include "warren/protocols/rendezvous/registrations.hpp"

namespace warren::rendezvous {

// A client may keep its stream for the next request so long.
inline constexpr Duration kIdleTimeout = 30s;
// For reading an answer, which may have half a MiB.
inline constexpr Duration kAnswerTimeout = 30s;
// Requests of one peer: as many at once as it takes to read all pages of a full point, then one a
// second. Further ones are E_UNAVAILABLE.
inline constexpr double kRequestsBurst = 64;
inline constexpr double kRequestsPerSecond = 1;

class Server {
 public:
  // Serves from start() on. The host and the limits (Registrations) outlive it; the host has been closed
  // before its end.
  Server(Host& host, Limit& registrations, Limit& registrations_per_peer);

  void start();
  // Takes no further streams. What is registered is forgotten with the object.
  Task<void> close();

  // How many registrations are held.
  std::size_t size() const { return registrations_.size(); }

 private:
  Task<void> serve(ConnectionPtr connection, StreamPtr stream);
  // std::nullopt: the message has no answer.
  std::optional<Message> answer(const PeerId& peer, const Message& request);
  bool within_rate(const PeerId& peer);

  Host& host_;
  Registrations registrations_;
  std::map<PeerId, TokenBucket> rates_;  // of connected peers
  std::vector<Subscription> subscriptions_;
};

}  // namespace warren::rendezvous
