#include "warren/protocols/relay/relay_ranking.hpp"

#include <algorithm>
#include <cmath>

#include "warren/core/ip_address.hpp"
#include "warren/core/ip_network.hpp"

namespace warren::relay {

namespace {

// What is assumed of a relay that was never measured: neither good nor bad.
constexpr Duration kUnknownRoundTrip = 150ms;

// What each event is worth, in round-trip time. A forged voucher puts a relay behind all others.
constexpr double kRefusedCost = 200;
constexpr double kFailedCost = 300;
constexpr double kBrokenCost = 250;
constexpr double kForgedCost = 60'000;
constexpr double kGrantedGain = 20;
constexpr double kGrantedGainMax = 60;

double faded(double count, Duration age) {
  if (age <= Duration::zero()) return count;
  return count * std::exp2(-to_ms(age) / to_ms(kRecordHalfLife));
}

void fade(RelayRecord& record, Instant now) {
  const Duration age = now - record.as_of;
  for (double* count : {&record.granted, &record.refused, &record.failed, &record.broken, &record.forged})
    *count = faded(*count, age);
  record.as_of = now;
}

}  // namespace

RelayNetwork network_of(const Multiaddr& address) {
  const auto ip = ip_address_of(address);
  return ip ? RelayNetwork(operator_network_of(*ip)) : std::nullopt;
}

Duration RelayRecord::cost(Instant now) const {
  RelayRecord as_now = *this;
  fade(as_now, now);
  const double gain = std::min(kGrantedGain * as_now.granted, kGrantedGainMax);
  const double cost = to_ms(round_trip_time.value_or(kUnknownRoundTrip)) + kRefusedCost * as_now.refused +
                      kFailedCost * as_now.failed + kBrokenCost * as_now.broken +
                      kForgedCost * as_now.forged - gain;
  return std::chrono::duration_cast<Duration>(std::chrono::duration<double, std::milli>(cost));
}

RelayRecord& RelayRanking::touch(const PeerId& relay, Instant now) {
  const auto found = records_.find(relay);
  if (found != records_.end()) {
    fade(found->second, now);
    return found->second;
  }
  if (records_.size() >= kRecordsMax) {
    records_.erase(
        std::ranges::min_element(records_, {}, [](const auto& entry) { return entry.second.as_of; }));
  }
  RelayRecord record;
  record.relay = relay;
  record.as_of = now;
  return records_.emplace(relay, std::move(record)).first->second;
}

void RelayRanking::note(const PeerId& relay, Event event, Instant now) {
  RelayRecord& record = touch(relay, now);
  switch (event) {
    case Event::kGranted: ++record.granted; break;
    case Event::kRefused: ++record.refused; break;
    case Event::kFailed: ++record.failed; break;
    case Event::kBroken: ++record.broken; break;
    case Event::kForged: ++record.forged; break;
  }
}

void RelayRanking::note_round_trip(const PeerId& relay, Duration measured, Instant now) {
  if (measured > Duration::zero()) touch(relay, now).round_trip_time = measured;
}

Duration RelayRanking::cost(const PeerId& relay, Instant now) const {
  const auto found = records_.find(relay);
  return found == records_.end() ? kUnknownRoundTrip : found->second.cost(now);
}

double RelayRanking::broken_lately(const PeerId& relay, Instant now) const {
  const auto found = records_.find(relay);
  return found == records_.end() ? 0 : faded(found->second.broken, now - found->second.as_of);
}

std::vector<PeerId> RelayRanking::choose(const std::vector<RelayCandidate>& candidates,
                                         std::vector<RelayNetwork> used, std::size_t count,
                                         Instant now) const {
  std::vector<const RelayCandidate*> left;
  for (const RelayCandidate& candidate : candidates) left.push_back(&candidate);
  const auto rank = [&](const RelayCandidate* candidate) {
    // Whoever tells no network shares it with all others like him.
    return std::pair(std::ranges::count(used, candidate->network), cost(candidate->relay, now));
  };
  std::vector<PeerId> chosen;
  while (chosen.size() < count && !left.empty()) {
    const auto best = std::ranges::min_element(left, {}, rank);
    chosen.push_back((*best)->relay);
    used.push_back((*best)->network);
    left.erase(best);
  }
  return chosen;
}

std::vector<RelayRecord> RelayRanking::records() const {
  std::vector<RelayRecord> records;
  for (const auto& [relay, record] : records_) records.push_back(record);
  return records;
}

void RelayRanking::restore(const RelayRecord& record) {
  touch(record.relay, record.as_of) = record;
}

}  // namespace warren::relay
