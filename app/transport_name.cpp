#include "app/transport_name.hpp"

namespace warren::app {

std::string_view transport_name(const Multiaddr& address) {
  if (address.has(Protocol::kP2pCircuit)) return "p2p-circuit";
  if (address.has(Protocol::kWebtransport)) return "webtransport";
  if (address.has(Protocol::kQuicV1)) return "quic-v1";
  if (address.has(Protocol::kWebrtcDirect)) return "webrtc-direct";
  if (address.has(Protocol::kWss)) return "wss";
  if (address.has(Protocol::kWs)) return address.has(Protocol::kTls) ? "wss" : "ws";
  if (address.has(Protocol::kTcp)) return "tcp";
  return "";
}

}  // namespace warren::app
