// Which streams that peers open are served: so many in total, on one connection, and from one peer for one
// protocol. Pure state.
#pragma once

#include <expected>

#include "warren/core/connection.hpp"
#include "warren/swarm/keyed_limit.hpp"
#include "warren/swarm/limit_table.hpp"

namespace warren {

class StreamAdmission {
 public:
  // What a stream takes up, given back when destroyed. The admission outlives it.
  struct Place {
    LimitPlace total;
    std::optional<KeyedLimit<const Connection*>::Place> connection;
  };
  using ProtocolPlace = KeyedLimit<std::pair<PeerId, ProtocolId>>::Place;

  // The table outlives it.
  explicit StreamAdmission(LimitTable& table);

  // A new stream on this connection, or the name of the limit that refuses.
  std::expected<Place, std::string_view> open(const Connection& on);
  // The same once its protocol is known.
  std::expected<ProtocolPlace, std::string_view> serve(const PeerId& peer, const ProtocolId& protocol);

 private:
  Limit& total_;
  KeyedLimit<const Connection*> connections_;
  KeyedLimit<std::pair<PeerId, ProtocolId>> protocols_;
};

}  // namespace warren
