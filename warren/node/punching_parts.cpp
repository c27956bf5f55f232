#include "warren/node/punching_parts.hpp"

#include <algorithm>

#include "warren/node/own_position.hpp"
#include "warren/node/path_verdict.hpp"
#include "warren/protocols/stun/predict.hpp"
#include "warren/transport/quic/address.hpp"

namespace warren {

namespace {

// To stock peers only the first few go, as they dial few at a time.
constexpr std::size_t kPredictedMax = 50;

dcutr::Needs dcutr_needs(const PunchingNeeds& needs, std::function<NatPosition()> position,
                         std::function<Task<std::vector<Multiaddr>>()> predicted) {
  return {.host = needs.host,
          .dialer = needs.host,
          .punches = needs.host.limit_table()[&SwarmLimits::punches_max],
          .private_networks = needs.reachability.private_network,
          .position = std::move(position),
          .predicted = std::move(predicted)};
}

spray::Needs spray_needs(const PunchingNeeds& needs, std::function<NatPosition()> position) {
  LimitTable& limits = needs.host.limit_table();
  return {.host = needs.host,
          .dialer = needs.host,
          .sockets = needs.quic,
          .punches = limits[&SwarmLimits::punches_max],
          .entries = limits[&SwarmLimits::spray_entries_max],
          .enabled = needs.config.punch.enabled && needs.config.punch.spray,
          .private_networks = needs.reachability.private_network,
          .position = std::move(position)};
}

const DialOutcome* last_of(const std::vector<DialOutcome>& attempts, bool won) {
  const auto found = std::find_if(attempts.rbegin(), attempts.rend(), [won](const DialOutcome& outcome) {
    return outcome.won == won && (won || outcome.error) && !is_circuit(outcome.address);
  });
  return found == attempts.rend() ? nullptr : &*found;
}

}  // namespace

PunchingParts::PunchingParts(PunchingNeeds needs)
    : needs_(needs),
      dcutr_(dcutr_needs(
          needs, [this] { return position(); }, [this] { return predicted(); })),
      sprayer_(spray_needs(needs, [this] { return position(); })),
      puncher_({.host = needs.host,
                .identify = needs.identify,
                .dcutr = dcutr_,
                .sprayer = sprayer_,
                .log = log_,
                .meter = meter_,
                .config = needs.config.punch,
                .position = [this] { return position(); },
                .is_settled = [this] { return is_settled(); }}),
      heartbeats_(needs.host) {}

void PunchingParts::start() {
  subscriptions_.push_back(
      needs_.host.events().path_changed.subscribe([this](const PathChange& change) { note_path(change); }));
  if (needs_.config.punch.enabled) dcutr_.start();
  sprayer_.start();
  puncher_.start();
  heartbeats_.start();
  if (needs_.reachability.surveyor)
    subscriptions_.push_back(needs_.reachability.surveyor->changed().subscribe([this] { note_position(); }));
  subscriptions_.push_back(needs_.host.events().addresses_changed.subscribe([this] { note_position(); }));
}

Task<void> PunchingParts::close() {
  subscriptions_.clear();
  co_await heartbeats_.close();
  co_await puncher_.close();
  co_await sprayer_.close();
  co_await dcutr_.close();
}

NatPosition PunchingParts::position() const {
  const Reachability::Parts& reachability = needs_.reachability;
  const auto reports = reachability.nat_reports();
  const auto own = reachability.book.addresses(reachability.now());
  const auto over_tcp = reachability.observed.tcp_mapping();
  NatPosition position = own_position(reports, own, reachability.private_network, over_tcp);
  add_tentative(position, reachability.observed.tentative());
  return position;
}

bool PunchingParts::is_settled() const {
  const NatSurveyor* const surveyor = needs_.reachability.surveyor.get();
  return surveyor == nullptr || !surveyor->is_partial();
}

void PunchingParts::note_position() {
  NatPosition now = position();
  const bool settles = !std::exchange(was_settled_, is_settled()) && is_settled();
  if (is_same(now, told_) && !settles) return;
  told_ = std::move(now);
  puncher_.note_news();
}

void PunchingParts::note_path(const PathChange& change) {
  PathState state = PathState::kNone;
  if (change.best)
    state = is_circuit(change.best->remote_address()) ? PathState::kRelayed : PathState::kDirect;
  meter_.note_path(change.peer, state, needs_.host.env().clock.now());
}

Task<std::vector<Multiaddr>> PunchingParts::predicted() {
  const auto reports = needs_.reachability.nat_reports();
  const stun::NatReport* const report = decisive(reports);
  if (report == nullptr || !position().is_hard()) co_return std::vector<Multiaddr>();
  const auto next = co_await stun::predict(needs_.host.env(), *report, kPredictedMax);
  std::vector<Multiaddr> addresses;
  for (const Endpoint& endpoint : next) addresses.push_back(quic::multiaddr_of(endpoint));
  co_return addresses;
}

// --- why ---

PathReport PunchingParts::report(const PeerId& peer) const {
  const Instant now = needs_.host.env().clock.now();
  PathReport report{.peer = peer};
  report.now = now;
  report.paths = paths(peer, now);
  report.ours = position();
  report.theirs = puncher_.position_of(peer);
  report.attempts = log_.attempts(peer);
  report.rounds = log_.rounds(peer);
  report.candidates = candidates(report, now);
  report.next_try = puncher_.next_try(peer);
  if (report.paths.empty() && report.candidates.empty() && !log_.knows(peer))
    throw_error(Errc::kNotFound, peer.to_string());
  if (!report.paths.empty())
    report.verdict = report.paths.front().relayed ? PathVerdict::kRelayed : PathVerdict::kDirect;
  PathExplanation explanation = explain(facts(report));
  report.reason = explanation.reason;
  report.why = std::move(explanation.why);
  report.advice = std::move(explanation.advice);
  return report;
}

std::vector<PathRow> PunchingParts::paths(const PeerId& peer, Instant now) const {
  std::vector<PathRow> rows;
  for (const ConnectionPtr& connection : needs_.host.connections(peer)) {
    rows.push_back({.address = connection->remote_address(),
                    .relayed = is_circuit(connection->remote_address()),
                    .best = rows.empty(),
                    .round_trip_time = connection->round_trip_time(),
                    .health = connection->health(),
                    .age = now - connection->opened_at()});
  }
  return rows;
}

std::vector<CandidateRow> PunchingParts::candidates(const PathReport& report, Instant now) const {
  std::vector<Multiaddr> addresses = needs_.host.peerstore().addresses(report.peer, now);
  const auto add = [&addresses](const Multiaddr& address) {
    if (std::ranges::find(addresses, address) == addresses.end()) addresses.push_back(address);
  };
  // Of a spray, the peer's ports are known by those that were hit only.
  for (const PunchRound& round : report.rounds) {
    if (round.means != PathMeans::kSpray) std::ranges::for_each(round.heard, add);
  }
  std::vector<CandidateRow> rows;
  for (const Multiaddr& address : addresses) {
    CandidateRow row{.address = address, .last = {}};
    for (const DialOutcome& outcome : report.attempts) {
      if (outcome.address == address) row.last = outcome;
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

VerdictFacts PunchingParts::facts(const PathReport& report) const {
  VerdictFacts facts{.verdict = report.verdict, .punching_enabled = needs_.config.punch.enabled};
  facts.we_begin = puncher_.relayed_from(report.peer) != nullptr;
  facts.is_seeking = puncher_.is_seeking(report.peer);
  facts.speaks_dcutr = puncher_.speaks_dcutr(report.peer);
  if (report.theirs) {
    const spray::Strategy strategy = spray::choose(report.ours, *report.theirs);
    if (!strategy.worth_trying) facts.hopeless = strategy.reason;
  }
  if (!report.rounds.empty()) facts.last_round = &report.rounds.back();
  facts.last_attempt = last_of(report.attempts, report.verdict == PathVerdict::kDirect);
  facts.has_addresses = !report.candidates.empty();
  facts.next_try = report.next_try;
  facts.now = report.now;
  return facts;
}

}  // namespace warren
