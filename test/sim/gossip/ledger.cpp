#include "test/sim/gossip/ledger.hpp"

#include <algorithm>

namespace warren::gossip_sim {

namespace {

// A node that has just come is in no mesh yet.
constexpr Duration kSettled = 5s;

}  // namespace

double Deliveries::rate(float within_ms) const {
  if (wanted == 0) return 1;
  const auto done = std::ranges::upper_bound(ms, within_ms) - ms.begin();
  return static_cast<double>(done) / static_cast<double>(wanted);
}

Ledger::Ledger(std::size_t honest, std::size_t sybils)
    : all_(honest + sybils), costs_(honest), stays_(honest) {}

std::uint32_t Ledger::publish(NodeIndex publisher, Instant now, bool is_valid) {
  const auto number = static_cast<std::uint32_t>(publications_.size());
  Publication one{.publisher = publisher,
                  .at = now,
                  .is_valid = is_valid,
                  .is_measured = measuring_,
                  .ms = std::vector<float>(all_, -1),
                  .hops = std::vector<std::uint8_t>(all_, 0)};
  one.ms[publisher] = 0;
  publications_.push_back(std::move(one));
  return number;
}

bool Ledger::deliver(std::uint32_t message, NodeIndex node, std::uint8_t hops, Instant now) {
  Publication& publication = publications_[message];
  if (publication.ms[node] >= 0) return false;
  publication.ms[node] = static_cast<float>(to_ms(now - publication.at));
  publication.hops[node] = hops;
  if (publication.is_measured && is_honest(node)) ++costs_[node].unique;
  return true;
}

void Ledger::came(NodeIndex node, std::uint32_t message, std::size_t bytes) {
  if (message != kNoMessage && publications_[message].is_measured) ++costs_[node].copies;
  if (measuring_) costs_[node].bytes_in += bytes;
}

void Ledger::went(NodeIndex node, std::uint32_t message, std::size_t bytes) {
  if (!measuring_) return;
  costs_[node].bytes_out += bytes;
  if (message == kNoMessage) costs_[node].control_out += bytes;
}

void Ledger::set_online(NodeIndex node, bool online, Instant now) {
  if (online) {
    stays_[node].push_back({.from = now});
  } else if (!stays_[node].empty()) {
    stays_[node].back().to = now;
  }
}

bool Ledger::was_online(NodeIndex node, Instant from, Instant to) const {
  return std::ranges::any_of(stays_[node],
                             [&](const Stay& stay) { return stay.from <= from && stay.to >= to; });
}

Deliveries Ledger::deliveries(Instant from, Instant to, Duration deadline, const Counts& counts) const {
  Deliveries all;
  for (const Publication& one : publications_) {
    if (!one.is_valid || !is_honest(one.publisher) || one.at < from || one.at >= to) continue;
    // A publisher that dies at once takes its message with it.
    if (!was_online(one.publisher, one.at - kSettled, one.at + 1s)) continue;
    for (NodeIndex node = 0; node < honest(); ++node) {
      if (node == one.publisher || !counts(one.publisher, node)) continue;
      if (!was_online(node, one.at - kSettled, one.at + deadline)) continue;
      ++all.wanted;
      if (one.ms[node] < 0 || one.ms[node] > to_ms(deadline)) continue;
      all.ms.push_back(one.ms[node]);
      all.hops.push_back(one.hops[node]);
    }
  }
  std::ranges::sort(all.ms);
  std::ranges::sort(all.hops);
  return all;
}

}  // namespace warren::gossip_sim
