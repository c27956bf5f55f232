#include "test/sim/dht/lookups.hpp"

#include <algorithm>

#include "warren/async/as_result.hpp"
#include "warren/protocols/kad/query.hpp"
#include "warren/protocols/kad/routing/test_go_lookup.hpp"
#include "warren/protocols/kad/rpc.hpp"

namespace warren::dht_sim {

namespace {

constexpr std::size_t kClosest = 20;

// A node is not to die while it is used.
class Use {
 public:
  explicit Use(Node& node) : node_(node) { ++node_.busy; }
  ~Use() { --node_.busy; }
  Use(const Use&) = delete;
  Use& operator=(const Use&) = delete;

 private:
  Node& node_;
};

// The same questions as kad's own, for the pump with go's rules.
class GoQuestions {
 public:
  GoQuestions(DhtNetwork& network, Node& node)
      : node_(node),
        rpc_(
            *node.host, network.config(), [](const ConnectionPtr&, bool) {},
            [](const PeerId&, std::error_code) {}) {
    for (const PeerId& peer : node.kad->table()) {
      seeds_.push_back({peer, node.host->peerstore().addresses(peer, network.crowd().now())});
    }
  }

  // Ends when the 20 nearest are known, or `wanted` is reached, which is asked like the others.
  Task<std::vector<PeerInfo>> run(Bytes key, PeerId wanted, kad::LookupReport& report) {
    const Clock& clock = node_.host->env().clock;
    const Instant began = clock.now();
    kad::test::GoLookup lookup(kad::Key::of(key), seeds_);
    kad::Ask ask = [this, &key, &wanted](PeerInfo peer) { return ask_one(std::move(peer), key, wanted); };
    std::function<bool()> enough = [this] { return reached_; };
    kad::Query<kad::test::GoLookup> query(node_.host->env(), lookup, std::move(ask), std::move(enough));
    co_await query.run();
    report = {.steps = lookup.steps(), .hops = lookup.hops(), .took = clock.now() - began};
    co_return lookup.closest();
  }
  bool reached() const { return reached_; }

 private:
  Task<std::vector<PeerInfo>> ask_one(PeerInfo peer, Bytes key, PeerId wanted) {
    const PeerId id = peer.id;
    kad::Message question{.type = kad::MessageType::kFindNode, .key = std::move(key)};
    kad::Message answer = co_await rpc_.ask(std::move(peer), std::move(question));
    if (id == wanted) reached_ = true;
    co_return std::move(answer.closer);
  }

  Node& node_;
  kad::Rpc rpc_;
  std::vector<PeerInfo> seeds_;
  bool reached_ = false;
};

Task<Outcome> find(DhtNetwork& network, Rules rules, Node& from, PeerId target) {
  Outcome outcome{.rules = rules, .kind = Kind::kFind};
  kad::LookupReport report;
  const Instant began = network.crowd().now();
  if (rules == Rules::kWarren) {
    const auto found = co_await as_result(from.kad->find_peer(target, &report));
    outcome.ok = found.has_value();
    if (!found) outcome.error = found.error();
  } else if (!from.host->connections(target).empty()) {
    outcome.ok = true;
  } else {
    GoQuestions questions(network, from);
    Bytes key = to_bytes(target.bytes());
    const auto ended = co_await as_result(questions.run(std::move(key), target, report));
    outcome.ok = questions.reached();
    if (!outcome.ok) outcome.error = ended ? make_error_code(Errc::kNotFound) : ended.error();
  }
  outcome.took = network.crowd().now() - began;
  outcome.hops = report.hops;
  outcome.questions = report.steps.size();
  outcome.failed = static_cast<std::size_t>(
      std::ranges::count(report.steps, kad::LookupStep::State::kFailed, &kad::LookupStep::state));
  co_return outcome;
}

Task<Outcome> closest(DhtNetwork& network, Rules rules, Node& from, Bytes key) {
  Outcome outcome{.rules = rules, .kind = Kind::kClosest};
  kad::LookupReport report;
  const kad::Key place = kad::Key::of(key);
  Result<std::vector<PeerInfo>> found;
  if (rules == Rules::kWarren) {
    found = co_await as_result(from.kad->closest_peers(std::move(key), &report));
  } else {
    GoQuestions questions(network, from);
    found = co_await as_result(questions.run(std::move(key), PeerId(), report));
  }
  outcome.ok = found.has_value() && !found->empty();
  if (!outcome.ok) outcome.error = found ? make_error_code(Errc::kNoPeers) : found.error();
  outcome.took = report.took;
  outcome.hops = report.hops;
  outcome.questions = report.steps.size();
  outcome.failed = static_cast<std::size_t>(
      std::ranges::count(report.steps, kad::LookupStep::State::kFailed, &kad::LookupStep::state));
  auto truth = network.nearest(place, kClosest + 1);
  std::erase(truth, from.host->peer_id());
  truth.resize(std::min(truth.size(), kClosest));
  std::size_t hits = 0;
  for (const PeerInfo& peer : found.value_or(std::vector<PeerInfo>())) {
    hits += static_cast<std::size_t>(std::ranges::count(truth, peer.id));
  }
  outcome.complete = static_cast<double>(hits) / static_cast<double>(truth.size());
  co_return outcome;
}

Task<void> find_one(DhtNetwork& network, Rules rules, std::vector<Outcome>& outcomes) {
  Node& from = network.any_settled();
  const Use use(from);
  const Node* target = &network.any_settled();
  while (target == &from) target = &network.any_settled();
  const std::uint32_t number = target->host->number();
  const PeerId id = target->host->peer_id();
  const Outcome outcome = co_await find(network, rules, from, id);
  const sim::PlainHost* after = network.crowd().host(number);
  if (after != nullptr && after->is_alive()) outcomes.push_back(outcome);
  network.crowd().trace(100, outcome.ok, outcome.questions, static_cast<std::uint64_t>(outcome.took.count()));
}

Task<void> closest_one(DhtNetwork& network, Rules rules, std::vector<Outcome>& outcomes) {
  Node& from = network.any_settled();
  const Use use(from);
  Bytes key = network.random_key();
  const Outcome outcome = co_await closest(network, rules, from, std::move(key));
  outcomes.push_back(outcome);
  network.crowd().trace(101, outcome.ok, outcome.questions, static_cast<std::uint64_t>(outcome.took.count()));
}

}  // namespace

Task<void> look_up(DhtNetwork& network, std::vector<Rules> rules, std::size_t lookups, Duration span,
                   std::vector<Outcome>& outcomes) {
  TaskGroup calls(network.crowd().loop().executor(), "lookups");
  const Instant began = network.crowd().now();
  for (std::size_t i = 0; i < lookups; ++i) {
    for (const Rules each : rules) {
      calls.spawn(find_one(network, each, outcomes));
      calls.spawn(closest_one(network, each, outcomes));
    }
    co_await network.crowd().clock().sleep_until(began + span * (i + 1) / lookups);
  }
  co_await calls.join();
}

}  // namespace warren::dht_sim
