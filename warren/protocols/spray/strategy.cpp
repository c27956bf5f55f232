#include "warren/protocols/spray/strategy.hpp"

namespace warren::spray {

namespace {

bool is_public(const NatPosition& position) {
  return position.mapping == NatMapping::kNone && position.filtering == NatFiltering::kOpen;
}
// Some address at which it can be met.
bool is_known(const NatPosition& position) {
  return !position.addresses.empty();
}
// At least its IP.
bool is_seen(const NatPosition& position) {
  return !position.addresses.empty() || !position.outside.empty();
}

Strategy none(Strategy from, RelayReason reason) {
  from.worth_trying = false;
  from.reason = reason;
  return from;
}
Strategy by(Strategy from, PathMeans means) {
  from.means = means;
  return from;
}

Strategy both_hard(const Strategy& from, const NatPosition& ours, const NatPosition& theirs) {
  const bool udp = ours.udp && theirs.udp;
  const bool sequential = ours.ports == NatPorts::kSequential && theirs.ports == NatPorts::kSequential;
  if (!udp || !sequential) return none(from, RelayReason::kBothHardNat);
  if (!is_seen(ours) || !is_seen(theirs)) return none(from, RelayReason::kNoPublicMapping);
  return by(from, PathMeans::kPredict);
}

Strategy one_hard(const Strategy& from, const NatPosition& easy, const NatPosition& hard) {
  if (!is_known(easy)) return none(from, RelayReason::kNoPublicMapping);
  if (easy.filtering == NatFiltering::kOpen) return by(from, PathMeans::kDial);
  // From here on the easy side has to send something to the hard side's IP.
  if (!is_seen(hard)) return none(from, RelayReason::kNoPublicMapping);
  if (easy.filtering == NatFiltering::kAddress) return by(from, PathMeans::kDial);
  if (hard.ports == NatPorts::kSequential) return by(from, PathMeans::kPredict);
  // TCP's ports can't be sprayed: each try would be a connection in both routers.
  if (!easy.udp || !hard.udp) return none(from, RelayReason::kUdpBlocked);
  return by(from, PathMeans::kSpray);
}

Strategy both_easy(const Strategy& from, const NatPosition& ours, const NatPosition& theirs) {
  if (is_known(ours) && is_known(theirs)) return by(from, PathMeans::kPunch);
  const NatPosition& met = is_known(ours) ? ours : theirs;
  if (is_known(met) && met.filtering == NatFiltering::kOpen) return by(from, PathMeans::kDial);
  return none(from, RelayReason::kNoPublicMapping);
}

}  // namespace

Strategy choose(const NatPosition& ours, const NatPosition& theirs) {
  Strategy strategy{.we_are_the_hard_side = ours.is_hard() && !theirs.is_hard()};
  for (const NatPosition* each : {&ours, &theirs}) {
    if (is_public(*each) && is_known(*each)) return by(strategy, PathMeans::kDial);
  }
  if (ours.is_hard() && theirs.is_hard()) return both_hard(strategy, ours, theirs);
  if (ours.is_hard()) return one_hard(strategy, theirs, ours);
  if (theirs.is_hard()) return one_hard(strategy, ours, theirs);
  return both_easy(strategy, ours, theirs);
}

Strategy choose(const NatPosition& ours, const PeerPosition& theirs) {
  if (theirs.relay_only) return none({}, RelayReason::kPolicyRelayOnly);
  return choose(ours, static_cast<const NatPosition&>(theirs));
}

}  // namespace warren::spray
