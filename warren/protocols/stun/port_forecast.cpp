#include "warren/protocols/stun/port_forecast.hpp"

#include <algorithm>

namespace warren::stun {

namespace {

constexpr int kFirstPort = 1024;
constexpr int kPorts = 0x10000 - kFirstPort;

// How far a counter went from one to the other, the short way round: negative when it went back.
int distance(std::uint16_t from, std::uint16_t to) {
  const int ahead = ((to - from) % kPorts + kPorts) % kPorts;
  return ahead <= kPorts / 2 ? ahead : ahead - kPorts;
}

bool is_step(int distance) {
  return distance >= 1 && distance <= kStepMax;
}

}  // namespace

PortTrend trend_of(Behavior mapping, std::span<const std::uint16_t> ports) {
  const bool hard = mapping == Behavior::kAddressDependent || mapping == Behavior::kAddressAndPortDependent;
  if (!hard) return {};
  std::vector<int> steps;
  std::size_t strides = 0;
  for (std::size_t i = 1; i < ports.size(); ++i) {
    const int step = distance(ports[i - 1], ports[i]);
    if (step == 0) continue;  // the same mapping: another port of the same server
    ++strides;
    if (is_step(step)) steps.push_back(step);
  }
  if (strides == 0) return {};
  const std::size_t strays = strides - steps.size();
  const bool sequential = !steps.empty() && strays <= (strides >= 3 ? 1 + strides / 4 : 0);
  if (!sequential) return {.ports = NatPorts::kRandom, .step = 0};
  return {.ports = NatPorts::kSequential, .step = *std::ranges::min_element(steps)};
}

// A step of more than one may be the router's own, or that of a counter whose other mappings the survey has
// not seen: those of other hosts, and of our own TCP.
std::vector<std::uint16_t> forecast(std::uint16_t seen, int step, std::size_t count) {
  std::vector<std::uint16_t> next;
  if (step <= 0) return next;
  std::vector<int> order;
  const auto add = [&order](int ahead) {
    if (std::ranges::find(order, ahead) == order.end()) order.push_back(ahead);
  };
  for (const int ahead : {1, step, 2, 2 * step}) add(ahead);
  const std::vector<int> likely = order;
  for (int ahead = 1; ahead <= kPorts && order.size() < count; ++ahead) {
    if (std::ranges::find(likely, ahead) == likely.end()) order.push_back(ahead);
  }
  for (const int ahead : order) {
    if (next.size() == count) break;
    const int port = seen + ahead;
    next.push_back(static_cast<std::uint16_t>(port > 0xffff ? port - kPorts : port));
  }
  return next;
}

}  // namespace warren::stun
