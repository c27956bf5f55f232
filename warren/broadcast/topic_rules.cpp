#include "warren/broadcast/topic_rules.hpp"

#include <algorithm>

namespace warren {

TopicRules::TopicRules(WallTime started, const BroadcastLimits& limits)
    : started_(started),
      limits_(limits),
      origins_(limits.origin_messages_per_second, limits.origin_messages_burst, limits.busy_origins_max),
      forgers_(limits.forgeries_per_second, limits.forgeries_burst, limits.forgers_max) {}

Result<OpenedBroadcast> TopicRules::open(Bytes wire, std::string_view context) const {
  auto envelope = Envelope::decode(std::move(wire), limits_.payload_max);
  if (!envelope) return fail(envelope.error());
  auto header = Header::decode(envelope->header);
  if (!header) return fail(header.error());
  if (header->kind != MessageKind::kBroadcast) return fail(Errc::kWrongProtocol);
  if (header->context != context) return fail(Errc::kWrongNetwork);
  if (header->suite != 0 || !header->enc.empty()) return fail(Errc::kUnsupported);
  return OpenedBroadcast{std::move(*envelope), std::move(*header)};
}

Result<> TopicRules::check_live(WallTime timestamp, WallTime now) const {
  if (timestamp < now - limits_.past_max) return fail(Errc::kClockSkew);
  if (timestamp < started_) return fail(Errc::kBeforeStart);
  return {};
}

Result<> TopicRules::check_time(const Header& header, BroadcastWay way, WallTime since, WallTime now) const {
  if (header.ttl > limits_.ttl_max) return fail(Errc::kTooLarge);
  if (header.timestamp > now + limits_.future_max) return fail(Errc::kClockSkew);
  const bool is_stored = header.ttl.count() != 0;
  if (is_stored && header.timestamp + header.ttl < now) return fail(Errc::kRecordExpired);
  if (way == BroadcastWay::kFetched && !is_stored) return fail(Errc::kUnsupported);
  if (way == BroadcastWay::kFetched && header.timestamp < since) return fail(Errc::kBeforeStart);
  // Only where the store remembers may one be older than our memory.
  if (way != BroadcastWay::kLive && is_stored && header.timestamp >= since) return {};
  return check_live(header.timestamp, now);
}

std::string TopicRules::number_of(const std::string& topic, const Header& header) {
  std::string number(as_text(header.sender));
  number += as_text(header.epoch);
  number += std::to_string(header.seq);
  return number + ' ' + topic;
}

bool TopicRules::is_copy(const std::string& topic, const Header& header) const {
  const auto found = nonces_.find(number_of(topic, header));
  return found == nonces_.end() || found->second == header.nonce;
}

Result<> TopicRules::take_turn(const Header& header, BroadcastWay way, const PeerId& from, Instant now) {
  if (way == BroadcastWay::kFetched) return {};
  if (!forgers_.has(from, now)) return fail(Errc::kRateLimited);
  if (!origins_.take(header.sender, now)) return fail(Errc::kRateLimited);
  return {};
}

void TopicRules::note_forgery(const Header& header, BroadcastWay way, const PeerId& from, Instant now) {
  if (way == BroadcastWay::kFetched) return;
  origins_.give_back(header.sender);
  forgers_.take(from, now);
}

void TopicRules::remember(const std::string& topic, const Header& header) {
  std::string number = number_of(topic, header);
  if (!nonces_.emplace(number, header.nonce).second) return;
  order_.push_back(std::move(number));
  if (order_.size() <= limits_.nonces_max) return;
  nonces_.erase(order_.front());
  order_.pop_front();
}

bool is_provably_bad(std::error_code error) {
  static constexpr Errc kProofs[] = {Errc::kTruncated, Errc::kMalformed,    Errc::kNotMinimal,
                                     Errc::kTooLarge,  Errc::kWrongNetwork, Errc::kWrongProtocol,
                                     Errc::kBadKey,    Errc::kBadKeySize,   Errc::kBadSignature};
  return std::ranges::any_of(kProofs, [error](Errc proof) { return error == proof; });
}

}  // namespace warren
