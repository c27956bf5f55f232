#include "test/sim/gossip/scenario.hpp"

#include <algorithm>
#include <cmath>

#include "warren/base/assert.hpp"

namespace warren::gossip_sim {

namespace {

constexpr Duration kStarting = 1s;  // nodes start within it, and dial within the next
constexpr Duration kUpkeepInterval = 2s;
constexpr std::size_t kVictimsOfPublishers = 10;
constexpr std::size_t kVictimPublishesOneIn = 3;
// Until the counters of those who turned bad have decayed, and meshes are mended.
constexpr Duration kCalm = 40s, kReaction = 60s, kAfter = 30s;
constexpr std::size_t kSybilReach = 100;  // connections that a sybil opens where many are attacked

Duration seconds(double count) {
  return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(count));
}

// Sybils that it takes.
std::size_t sybils_of(const Options& options, const Attack* attack) {
  if (attack == nullptr) return 0;
  const double each = options.ratio * 2 * static_cast<double>(options.dials);
  double victims = 1;
  if (attack->target == Target::kPublishers) victims = kVictimsOfPublishers;
  if (attack->target == Target::kAll) {
    victims = std::max(1.0, static_cast<double>(options.nodes) / static_cast<double>(kSybilReach));
  }
  return static_cast<std::size_t>(std::ceil(each * victims));
}

}  // namespace

Scenario::Scenario(const Options& options, std::size_t size, const Attack* attack, bool scoring)
    : options_(options),
      size_(size),
      attack_(attack),
      random_(options.seed),
      network_(options.seed),
      ledger_(options.nodes, sybils_of(options, attack)) {
  common_ = {.network = &network_,
             .ledger = &ledger_,
             .params = gossip_params(scoring),
             .topic_params =
                 topic_params({.messages = options.rate / static_cast<double>(options.topics), .size = size}),
             .topics = {}};
  for (std::size_t i = 0; i < options.topics; ++i) common_.topics.push_back("topic " + std::to_string(i + 1));
  crew_ = {.network = &network_, .ledger = &ledger_, .topics = common_.topics};
  WARREN_ASSERT(common_.params.check().has_value());
  add_nodes();
}

void Scenario::add_nodes() {
  for (std::size_t i = 0; i < options_.nodes; ++i) {
    auto node = std::make_unique<HonestNode>(common_, static_cast<NodeIndex>(i), random_.u64());
    nodes_.push_back(node.get());
    network_.add(std::move(node));
  }
  const std::size_t count = sybils_of(options_, attack_);
  for (std::size_t i = 0; i < count; ++i) {
    const auto number = static_cast<NodeIndex>(network_.size());
    const std::size_t shared = i - i % attack_->sybils_per_address;
    sybils_.push_back(network_.add(std::make_unique<Sybil>(crew_, number),
                                   static_cast<NodeIndex>(options_.nodes + shared), true));
  }
  const std::size_t publishers =
      options_.publishers == 0 ? honest() : std::min(options_.publishers, honest());
  for (NodeIndex node = 0; node < publishers; ++node) publishers_.push_back(node);
  if (attack_ == nullptr) return;
  if (attack_->target == Target::kPublishers) publishers_.resize(kVictimsOfPublishers);
  if (attack_->target == Target::kOne) victims_ = {0};
  if (attack_->target == Target::kPublishers) victims_.insert(publishers_.begin(), publishers_.end());
  if (attack_->at_dawn) {
    for (NodeIndex node = 1; node < honest(); node += 2) sleepers_.insert(node);
  }
}

void Scenario::plan(Instant at, Step step, std::uint64_t value) {
  network_.plan(at, static_cast<std::uint64_t>(step) << 32 | value);
}

void Scenario::plan_nodes() {
  for (NodeIndex node = 0; node < honest(); ++node) {
    if (sleepers_.contains(node)) continue;
    plan(Instant{} + seconds(uniform()), Step::kStart, node);
    plan(Instant{} + kStarting + seconds(uniform()), Step::kDial, node);
  }
  if (attack_ != nullptr && attack_->from_start) plan(Instant{} + kStarting, Step::kSybils);
  const bool moves = options_.churn > 0 || !sleepers_.empty();
  for (Instant at{kUpkeepInterval}; moves && at < end_; at += kUpkeepInterval) plan(at, Step::kUpkeep);
  if (options_.churn <= 0) return;
  const double a_second = options_.churn / 100 * static_cast<double>(honest()) / 60;
  for (double at = 5; Instant{} + seconds(at) < end_; at += 1 / a_second)
    plan(Instant{} + seconds(at), Step::kLeave);
}

void Scenario::plan_phases() {
  const Instant settled = Instant{} + seconds(options_.settle);
  if (attack_ == nullptr) {
    const Instant to = settled + seconds(static_cast<double>(options_.messages) / options_.rate);
    phases_.push_back({.name = "all", .from = settled, .to = to, .deliveries = {}, .mesh = {}});
  } else {
    const bool cold = attack_->from_start && !attack_->covert;
    const Instant turn = cold ? settled : settled + kCalm;
    if (!cold)
      phases_.push_back({.name = "before", .from = settled, .to = turn, .deliveries = {}, .mesh = {}});
    phases_.push_back({.name = "during", .from = turn, .to = turn + kReaction, .deliveries = {}, .mesh = {}});
    phases_.push_back({.name = "after",
                       .from = turn + kReaction,
                       .to = turn + kReaction + kAfter,
                       .deliveries = {},
                       .mesh = {}});
    plan(cold ? Instant{} : turn, Step::kTurn);
  }
  end_ = phases_.back().to + seconds(options_.deadline);
  plan(phases_.front().from, Step::kMeasure, 1);
  plan(phases_.front().to, Step::kMeasure, 0);
  for (std::size_t i = 0; i < phases_.size(); ++i) plan(phases_[i].to, Step::kSample, i);
  // From the beginning, so that there is something to be scored by.
  const Duration interval = seconds(1 / options_.rate);
  for (Instant at = Instant{} + 3s; at < phases_.back().to; at += interval) {
    plan(at + seconds(uniform() / options_.rate / 2), Step::kPublish);
  }
}

Outcome Scenario::run() {
  plan_phases();
  plan_nodes();
  network_.run(end_, [this](std::uint64_t step) { handle(step); });
  Outcome outcome{.size = size_, .scoring = common_.params.scoring, .phases = {}};
  summarize(outcome);
  return outcome;
}

void Scenario::handle(std::uint64_t step) {
  const auto value = step & 0xffffffff;
  switch (static_cast<Step>(step >> 32)) {
    case Step::kStart: network_.start(static_cast<NodeIndex>(value)); break;
    case Step::kDial: dial(static_cast<NodeIndex>(value)); break;
    case Step::kPublish: publish(); break;
    case Step::kUpkeep: upkeep(); break;
    case Step::kLeave: leave(); break;
    case Step::kSybils: bring_sybils(); break;
    case Step::kTurn: turn(); break;
    case Step::kMeasure: ledger_.measure(value == 1); break;
    case Step::kSample: phases_[value].mesh = sample(); break;
  }
}

void Scenario::publish() {
  const bool one = attack_ != nullptr && attack_->target == Target::kOne;
  NodeIndex publisher = publishers_[random_.below(publishers_.size())];
  if (one && published_ % kVictimPublishesOneIn == 0) publisher = *victims_.begin();
  for (int tries = 0; tries < 100 && !network_.is_online(publisher); ++tries) {
    publisher = publishers_[random_.below(publishers_.size())];
  }
  if (!network_.is_online(publisher)) return;
  const std::uint32_t number = ledger_.publish(publisher, network_.now(), true);
  const auto& topic = common_.topics[published_++ % common_.topics.size()];
  nodes_[publisher]->publish(number, topic, size_);
}

NodeIndex Scenario::any_online() {
  // Where sybils come together with everybody, nobody can tell them apart.
  const bool mixed = attack_ != nullptr && attack_->from_start;
  const std::size_t all = mixed ? network_.size() : honest();
  for (int tries = 0; tries < 100; ++tries) {
    const auto node = static_cast<NodeIndex>(random_.below(all));
    if (network_.is_online(node)) return node;
  }
  return kNobody;
}

void Scenario::dial(NodeIndex node) {
  const std::size_t wanted = options_.dials;
  std::size_t have = network_.dialed(node);
  for (std::size_t tries = 0; have < wanted && tries < 4 * wanted; ++tries) {
    const NodeIndex peer = any_online();
    if (peer == kNobody || peer == node || network_.are_connected(node, peer)) continue;
    network_.connect(node, peer);
    ++have;
  }
}

void Scenario::upkeep() {
  for (NodeIndex node = 0; node < honest(); ++node) {
    if (network_.is_online(node)) dial(node);
  }
}

void Scenario::leave() {
  const auto leaving = static_cast<NodeIndex>(random_.below(honest()));
  if (!network_.is_online(leaving)) return;
  network_.stop(leaving, uniform() < options_.graceful);
  ++left_;
  // As many come as go; a node that comes back knows nothing any more.
  plan(network_.now() + 15s + seconds(30 * uniform()), Step::kStart, leaving);
}

void Scenario::bring_sybils() {
  for (const NodeIndex sybil : sybils_) network_.start(sybil);
  const auto each = static_cast<std::size_t>(options_.ratio * 2 * static_cast<double>(options_.dials));
  std::size_t next = 0;
  const auto surround = [&](NodeIndex victim) {
    for (std::size_t i = 0; i < each; ++i) network_.connect(sybils_[next++ % sybils_.size()], victim);
  };
  if (attack_->target == Target::kAll) {
    for (NodeIndex node = 0; node < honest(); ++node) surround(node);
    return;
  }
  for (const NodeIndex victim : victims_) surround(victim);
  if (attack_->deeds != Deeds::kCensor) return;
  // They have to hear what there is in order to pass it on.
  for (const NodeIndex sybil : sybils_) {
    for (std::size_t i = 0; i < options_.dials; ++i) network_.connect(sybil, any_online());
  }
}

void Scenario::turn() {
  crew_.deeds = attack_->deeds;
  crew_.insistent = attack_->insistent;
  crew_.lies = attack_->lies;
  if (attack_->deeds == Deeds::kCensor) crew_.censored = *victims_.begin();
  if (!attack_->from_start) bring_sybils();
  for (const NodeIndex node : sleepers_) {
    network_.start(node);
    dial(node);
    const auto each = static_cast<std::size_t>(options_.ratio * 2 * static_cast<double>(options_.dials));
    for (std::size_t i = 0; i < each; ++i) network_.connect(sybils_[random_.below(sybils_.size())], node);
  }
}

bool Scenario::counts(NodeIndex publisher, NodeIndex receiver) const {
  if (victims_.empty()) return true;
  const bool is_eclipse = attack_->deeds == Deeds::kDrop && attack_->target == Target::kOne;
  return is_victim(publisher) || (is_eclipse && is_victim(receiver));
}

}  // namespace warren::gossip_sim
