#include "warren/swarm/punch_plan.hpp"

#include <algorithm>

#include "warren/core/ip_address.hpp"

namespace warren {

namespace {

struct Unfit {
  std::error_code error;
  std::string why;
};

std::optional<Unfit> unfit(const PunchCall& call, const Multiaddr& address, const Transports& transports,
                           const Gate& gate) {
  const auto because = [](std::error_code error) { return Unfit{error, error.message()}; };
  if (is_circuit(address)) return Unfit{{}, "a direct path was asked for"};
  if (!transports.handle(address)) return because(Errc::kNoTransport);
  if (gate.is_denied(call.peer, address)) return because(Errc::kDenied);
  const bool is_pipe = transports.pipe_for(address) != nullptr;
  if (is_pipe && call.role == PunchRole::kServer && !plain_tcp_endpoint(address))
    return Unfit{{}, "who dials over this transport has to begin"};
  return std::nullopt;
}

}  // namespace

PunchPlan plan_punch(const PunchCall& call, const Transports& transports, const Gate& gate) {
  PunchPlan plan;
  const auto leave_out = [&](const Multiaddr& address, Unfit reason) {
    plan.left_out.push_back({.peer = call.peer,
                             .address = address,
                             .began = {},
                             .error = reason.error,
                             .why = std::move(reason.why),
                             .means = call.means});
  };
  std::size_t muxed_dials = 0;
  for (const Multiaddr& address : call.addresses) {
    if (std::ranges::find(plan.targets, address, &PunchTarget::address) != plan.targets.end()) continue;
    if (auto reason = unfit(call, address, transports, gate)) {
      leave_out(address, std::move(*reason));
    } else if (plan.targets.size() == PunchPlan::kAddressesMax) {
      leave_out(address, {Errc::kLimitReached, "too many addresses"});
    } else if (transports.pipe_for(address) != nullptr) {
      plan.targets.push_back({address, PunchWay::kPipe});
    } else if (call.role == PunchRole::kClient && muxed_dials < PunchPlan::kMuxedDialsMax) {
      ++muxed_dials;
      plan.targets.push_back({address, PunchWay::kMuxed});
    } else {
      plan.targets.push_back({address, PunchWay::kKnock});
    }
  }
  return plan;
}

std::optional<Endpoint> plain_tcp_endpoint(const Multiaddr& address) {
  const auto endpoint = endpoint_of(address, Protocol::kTcp);
  if (!endpoint || multiaddr_of(*endpoint, Protocol::kTcp) != address) return std::nullopt;
  return endpoint;
}

}  // namespace warren
