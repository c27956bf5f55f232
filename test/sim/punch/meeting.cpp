#include "test/sim/punch/meeting.hpp"

#include <algorithm>

#include "warren/async/as_result.hpp"
#include "warren/sim/router.hpp"

namespace warren::punch_sim {

namespace {

constexpr Duration kSettleMax = 60s;
// What a node has told of itself once it is ready is known where others ask.
constexpr Duration kHeardOf = 5s;
constexpr Duration kAnswerMax = 15s;
constexpr Duration kLook = 20ms;
// What comes later than wanted is still told from what never comes.
constexpr Duration kLate = 10s;
constexpr Duration kRelayedFor = 8s;  // then a relayed path has its reason
constexpr Duration kProofMax = 10s;
constexpr std::size_t kAttemptsTold = 6;  // that failed

Duration allowed(const Cell& cell, const Weather& weather) {
  const auto by_loss = static_cast<Duration::rep>(weather.loss * 40e9);
  return cell.time_max() + 10 * weather.round_trip_max() + Duration(by_loss);
}

std::string ms(Duration duration) {
  return std::to_string(static_cast<std::int64_t>(to_ms(duration)));
}

bool is_direct(Node& node, const PeerId& peer) {
  const auto open = node.host().connections(peer);
  return std::ranges::any_of(open, [](const ConnectionPtr& connection) {
    return connection->is_open() && !is_circuit(connection->remote_address());
  });
}

class Meeting {
 public:
  Meeting(std::uint64_t seed, const Cell& cell)
      : cell_(cell),
        weather_(Weather::of(seed)),
        country_(seed, cell, weather_),
        asker_(country_.resident(seed % 2)),
        asked_(country_.resident(1 - seed % 2)) {
    outcome_.weather = weather_;
  }

  Outcome run() {
    country_.start();
    outcome_.missing = country_.settle(kSettleMax);
    world().loop().advance(kHeardOf);
    asked_.node->serve("echo", [](ServiceCall call) -> Task<Bytes> { co_return call.payload; });
    ask();
    for (const sim::Router* router : asker_.routers) note_mappings(*router);
    for (const sim::Router* router : asked_.routers) note_mappings(*router);
    note_reports();
    if (outcome_.direct) prove();
    note_trace();
    outcome_.trace = world().trace();
    return outcome_;
  }

 private:
  struct Answer {
    std::optional<Instant> at;
    std::error_code error;
  };

  sim::World& world() { return country_.world(); }

  static Task<void> request(Node* asker, NodeId asked, Duration limit, Clock* clock, Answer* told) {
    Bytes question(10, 7);
    const auto answer = co_await as_result(asker->request(asked, "echo", std::move(question), limit));
    told->error = answer ? std::error_code() : answer.error();
    if (answer) told->at = clock->now();
  }

  // Looks for the direct path while the request is under way, too.
  void ask() {
    const Instant began = world().clock().now();
    Answer answer;
    TaskGroup tasks(world().loop().executor(), "asker");
    tasks.spawn(request(asker_.node.get(), asked_.node->node_id(), kAnswerMax, &world().clock(), &answer));
    const Duration wanted = allowed(cell_, weather_);
    const Duration patience = cell_.wanted == Wanted::kRelay ? kRelayedFor + wanted : wanted + kLate;
    while (world().clock().now() - began < patience && !(outcome_.direct && answer.at)) {
      world().loop().advance(kLook);
      // Both sides think so.
      const bool direct =
          is_direct(*asker_.node, asked_.node->peer_id()) && is_direct(*asked_.node, asker_.node->peer_id());
      if (!outcome_.direct && direct) outcome_.direct = world().clock().now() - began;
    }
    world().run(tasks.close());
    if (answer.at) outcome_.answered = *answer.at - began;
    if (answer.error) outcome_.report += "  the request failed: " + answer.error.message() + "\n";
  }

  void note_mappings(const sim::Router& router) {
    outcome_.mappings = std::max(outcome_.mappings, router.nat().mappings());
  }

  void note_reports() {
    world().loop().advance(500ms);  // the rounds end
    const auto asked = why(asked_, asker_);
    const auto asker = why(asker_, asked_);
    if (!asker) return;
    outcome_.reason = asker->reason;
    outcome_.why = asker->why;
    std::vector<PunchRound> rounds = asker->rounds;
    if (asked && asked->rounds.size() > rounds.size()) rounds = asked->rounds;
    if (!outcome_.direct) return;
    outcome_.means = rounds.empty() ? PathMeans::kDial : rounds.back().means;
    outcome_.first_try = rounds.size() <= 1;
  }

  std::optional<PathReport> why(Resident& of, Resident& about) {
    auto report = world().run(as_result(of.node->why(about.node->node_id())));
    if (!report) {
      outcome_.report += "  " + of.kind + " knows nothing: " + report.error().message() + "\n";
      return std::nullopt;
    }
    outcome_.report += "  " + of.kind + ": " + std::string(to_string(report->verdict)) + " " +
                       (report->reason ? std::string(to_string(*report->reason)) : "-") + " " + report->why +
                       "\n";
    const NatPosition& ours = report->ours;
    outcome_.report += "    udp " + std::string(ours.udp ? "yes" : "no") + ", mapping " +
                       std::string(to_string(ours.mapping)) + ", filtering " +
                       std::string(to_string(ours.filtering)) + ", ports " +
                       std::string(to_string(ours.ports));
    for (const Multiaddr& address : ours.addresses) outcome_.report += " " + address.to_string();
    outcome_.report += "\n";
    for (const PunchRound& round : report->rounds) {
      outcome_.report += "    " + std::string(to_string(round.means)) + (round.ours ? " ours " : " theirs ") +
                         ms(round.took) +
                         " ms: " + (round.error ? round.error.message() + " (" + round.why + ")" : "done") +
                         "\n";
    }
    std::size_t told = 0;
    for (const DialOutcome& attempt : report->attempts) {
      if (is_circuit(attempt.address) || (!attempt.won && ++told > kAttemptsTold)) continue;
      outcome_.report += "      " + attempt.address.to_string() + " " +
                         std::string(to_string(attempt.means)) + " " + ms(attempt.took) + " ms: " +
                         (attempt.won     ? "won"
                          : attempt.error ? attempt.error.message()
                                          : "not needed") +
                         "\n";
    }
    return std::move(*report);
  }

  void prove() {
    country_.cut_servers_off();
    Answer answer;
    const NodeId asked = asked_.node->node_id();
    world().run(request(asker_.node.get(), asked, kProofMax, &world().clock(), &answer));
    outcome_.proved = answer.at.has_value();
    if (answer.error) outcome_.report += "  the proof failed: " + answer.error.message() + "\n";
  }

  void note(std::string_view event) {
    for (const char c : event)
      outcome_.fingerprint = (outcome_.fingerprint ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  }

  void note_trace() {
    for (const std::string& event : world().trace()) note(event);
    note(outcome_.report);
    note(std::to_string(outcome_.mappings));
    note(std::to_string(world().clock().now().time_since_epoch().count()));
  }

  Cell cell_;
  Weather weather_;
  Outcome outcome_;
  Country country_;
  Resident& asker_;
  Resident& asked_;
};

}  // namespace

bool Outcome::in_time(const Cell& cell) const {
  return direct && *direct <= allowed(cell, weather);
}

std::optional<std::string> Outcome::complaint(const Cell& cell) const {
  if (!missing.empty()) return missing;
  if (!answered) return "no answer";
  if (direct) return proved ? std::nullopt : std::optional<std::string>("the direct path carries nothing");
  if (!reason) return "relayed without a reason";
  const bool expected =
      cell.reasons.empty() || std::ranges::find(cell.reasons, *reason) != cell.reasons.end();
  if (!expected && !cell.is_punchable()) return "relayed for another reason than its routers";
  return std::nullopt;
}

Outcome meet(std::uint64_t seed, const Cell& cell) {
  return Meeting(seed, cell).run();
}

}  // namespace warren::punch_sim
