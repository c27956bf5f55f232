#include "warren/swarm/stream_admission.hpp"

namespace warren {

StreamAdmission::StreamAdmission(LimitTable& table)
    : total_(table[&SwarmLimits::streams_max]),
      connections_(table[&SwarmLimits::streams_per_connection_max]),
      protocols_(table[&SwarmLimits::streams_per_protocol_and_peer_max]) {}

std::expected<StreamAdmission::Place, std::string_view> StreamAdmission::open(const Connection& on) {
  Place place;
  place.connection = connections_.take(&on);
  if (!place.connection) return std::unexpected(connections_.knob());
  place.total = take_place(total_);
  if (!place.total) return std::unexpected(total_.knob());
  return place;
}

std::expected<StreamAdmission::ProtocolPlace, std::string_view> StreamAdmission::serve(
    const PeerId& peer, const ProtocolId& protocol) {
  auto place = protocols_.take({peer, protocol});
  if (!place) return std::unexpected(protocols_.knob());
  return std::move(*place);
}

}  // namespace warren
