#include "warren/swarm/black_hole.hpp"

#include <algorithm>

#include "warren/base/assert.hpp"
#include "warren/core/address_scope.hpp"
#include "warren/core/circuit.hpp"

namespace warren {

namespace {

using State = SuccessCounter::State;

struct Path {
  bool udp = false;
  bool ip6 = false;
};

// Nothing of what is not judged. A relayed address begins with its relay's, whose own dial is judged.
Path path_of(const Multiaddr& address) {
  if (is_circuit(address) || scope_of(address) != AddressScope::kPublic) return {};
  return {.udp = address.has(Protocol::kUdp), .ip6 = address.has(Protocol::kIp6)};
}

}  // namespace

SuccessCounter::SuccessCounter(std::size_t window, std::size_t successes_min)
    : window_(window), successes_min_(successes_min) {
  WARREN_ASSERT(window > 0);
}

void SuccessCounter::record(bool success) {
  if (state_ == State::kBlocked && success) {
    reset();
    return;
  }
  results_.push_back(success);
  if (success) ++successes_;
  if (results_.size() > window_) {
    if (results_.front()) --successes_;
    results_.pop_front();
  }
  update();
}

SuccessCounter::State SuccessCounter::request() {
  ++requests_;
  if (state_ == State::kBlocked && requests_ % window_ == 0) return State::kProbing;
  return state_;
}

void SuccessCounter::reset() {
  results_.clear();
  successes_ = 0;
  requests_ = 0;
  update();
}

void SuccessCounter::update() {
  if (results_.size() < window_) {
    state_ = State::kProbing;
  } else {
    state_ = successes_ >= successes_min_ ? State::kAllowed : State::kBlocked;
  }
}

BlackHoleDetector::Filtered BlackHoleDetector::filter(const std::vector<Multiaddr>& addresses) {
  const bool has_udp = std::ranges::any_of(addresses, [](const auto& a) { return path_of(a).udp; });
  const bool has_ip6 = std::ranges::any_of(addresses, [](const auto& a) { return path_of(a).ip6; });
  const State udp = has_udp ? udp_.request() : State::kAllowed;
  const State ip6 = has_ip6 ? ip6_.request() : State::kAllowed;
  Filtered filtered;
  for (const Multiaddr& address : addresses) {
    const Path path = path_of(address);
    const bool probe = (path.udp && udp == State::kProbing) || (path.ip6 && ip6 == State::kProbing);
    const bool blocked = (path.udp && udp == State::kBlocked) || (path.ip6 && ip6 == State::kBlocked);
    (blocked && !probe ? filtered.refused : filtered.allowed).push_back(address);
  }
  return filtered;
}

void BlackHoleDetector::record(const Multiaddr& address, bool success) {
  const Path path = path_of(address);
  if (path.udp) udp_.record(success);
  if (path.ip6) ip6_.record(success);
}

void BlackHoleDetector::reset() {
  udp_.reset();
  ip6_.reset();
}

}  // namespace warren
