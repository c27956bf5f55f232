// Paths in the replies of the control API, for people and for programs.
#pragma once

#include <fmt/format.h>

#include <string>

#include "app/json.hpp"
#include "app/proto/control.pb.h"

namespace warren::app {

// What people call a transport: "quic" of "quic-v1"; else its own name.
inline std::string path_word(const std::string& transport) {
  return transport == "quic-v1" ? "quic" : transport;
}

// {"kind":"direct","transport":"quic-v1","address":"/ip4/..."}, or "relay", and then with its PeerID in
// "relay". `Reply` has path(), transport(), relayed() and relay().
template <class Reply>
JsonObject path_json(const Reply& reply) {
  JsonObject path;
  path.text("kind", reply.relayed() ? "relay" : "direct")
      .text("transport", reply.transport())
      .text("address", reply.path());
  if (reply.relayed()) path.text("relay", reply.relay());
  return path;
}

// "direct quic /ip4/192.0.2.1/udp/4001/quic-v1", "relay via 12D3KooW..."
template <class Reply>
std::string path_text(const Reply& reply) {
  if (reply.relayed()) return "relay via " + reply.relay();
  return fmt::format("direct {} {}", path_word(reply.transport()), reply.path());
}

// {"bytes_max","sent","received","ends_in_ms"}: the first and the last null where there is no limit.
JsonObject budget_json(const control::v1::Budget& budget);

// "may carry 128 KiB each way (1.2 KiB sent, 3 KiB received), ends in 1 min 40 s"
std::string budget_text(const control::v1::Budget& budget);

}  // namespace warren::app
