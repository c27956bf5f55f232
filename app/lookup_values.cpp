#include "app/lookup_values.hpp"

namespace warren::app {
namespace {

const char* word_of(kad::LookupStep::State state) {
  switch (state) {
    case kad::LookupStep::State::kWaiting: return "waiting";
    case kad::LookupStep::State::kAnswered: return "answered";
    case kad::LookupStep::State::kFailed: break;
  }
  return "failed";
}

}  // namespace

void describe_lookup(const kad::LookupReport& report, control::v1::Lookup& to) {
  for (const kad::LookupStep& from : report.steps) {
    control::v1::LookupStep& step = *to.add_steps();
    step.set_peer_id(from.peer.to_string());
    step.set_hop(static_cast<std::uint32_t>(from.hop));
    step.set_state(word_of(from.state));
    step.set_common_prefix(static_cast<std::uint32_t>(from.common_prefix));
    if (from.state != kad::LookupStep::State::kWaiting) step.set_ms(to_ms(from.ended - from.asked));
  }
  to.set_hops(static_cast<std::uint32_t>(report.hops));
  to.set_took_ms(to_ms(report.took));
}

}  // namespace warren::app
