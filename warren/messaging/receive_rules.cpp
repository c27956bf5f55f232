#include "warren/messaging/receive_rules.hpp"

namespace warren {
namespace {

// Peers that were busy in the last seconds; a connection each, mostly.
constexpr std::size_t kBusyPeersMax = 16384;

}  // namespace

ReceiveRules::ReceiveRules(const NodeId& self, std::string network, WallTime started,
                           const MessagingLimits& limits)
    : self_(self.key_bytes()),
      network_(std::move(network)),
      started_(started),
      limits_(limits),
      window_(limits),
      buckets_(limits.messages_per_second, limits.messages_burst, kBusyPeersMax) {}

Result<> ReceiveRules::check_time(WallTime timestamp, WallTime now) const {
  if (timestamp < now - limits_.past_max || timestamp > now + limits_.future_max)
    return fail(Errc::kClockSkew);
  if (timestamp < started_) return fail(Errc::kBeforeStart);
  return {};
}

Result<> ReceiveRules::check(const Header& header, Purpose purpose, const PeerId& peer, Moment now) {
  if (header.suite != 0 || !header.enc.empty() || header.ttl.count() != 0) return fail(Errc::kUnsupported);
  const std::string_view context = header.context;
  const std::size_t bar = context.find('|');
  if (bar == std::string_view::npos) return fail(Errc::kWrongProtocol);  // a topic
  if (context.substr(0, bar) != network_) return fail(Errc::kWrongNetwork);
  if (context.substr(bar + 1) != purpose.protocol || header.kind != purpose.kind) {
    return fail(Errc::kWrongProtocol);
  }
  if (header.recipient != self_) return fail(Errc::kWrongRecipient);
  if (const auto timely = check_time(header.timestamp, now.wall); !timely) return timely;
  if (const auto fresh = window_.check(header, now.instant); !fresh) return fresh;
  if (!buckets_.take(peer, now.instant)) return fail(Errc::kRateLimited);
  return {};
}

Result<> ReceiveRules::check_sender(const Header& header, const NodeId& bound) {
  return header.sender == bound.key_bytes() ? Result<>{} : fail(Errc::kNotBound);
}

}  // namespace warren
