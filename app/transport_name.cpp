#include "app/transport_name.hpp"

#include "warren/core/circuit.hpp"
#include "warren/crypto/peer_id.hpp"

namespace warren::app {

std::string_view transport_name(const Multiaddr& address) {
  if (is_circuit(address)) return "p2p-circuit";
  if (address.has(Protocol::kWebtransport)) return "webtransport";
  if (address.has(Protocol::kQuicV1)) return "quic-v1";
  if (address.has(Protocol::kWebrtcDirect)) return "webrtc-direct";
  if (address.has(Protocol::kWss)) return "wss";
  if (address.has(Protocol::kWs)) return address.has(Protocol::kTls) ? "wss" : "ws";
  if (address.has(Protocol::kTcp)) return "tcp";
  return "";
}

std::string relay_of(const Multiaddr& address) {
  if (!is_circuit(address)) return {};
  const auto relay = PeerId::of(address.before_last(Protocol::kP2pCircuit));
  return relay ? relay->to_string() : "";
}

}  // namespace warren::app
