// Paths in the replies of the control API, for people and for programs.
#pragma once

#include <fmt/format.h>

#include "app/json.hpp"

namespace warren::app {

// {"transport":"quic-v1","address":"/ip4/..."}. `Reply` has path() and transport().
template <class Reply>
JsonObject path_json(const Reply& reply) {
  return JsonObject().text("transport", reply.transport()).text("address", reply.path());
}

// "quic-v1 /ip4/192.0.2.1/udp/4001/quic-v1 (direct)"
template <class Reply>
std::string path_text(const Reply& reply) {
  return fmt::format("{} {} ({})", reply.transport(), reply.path(), reply.relayed() ? "relayed" : "direct");
}

}  // namespace warren::app
