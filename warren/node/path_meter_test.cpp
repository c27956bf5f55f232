#include "warren/node/path_meter.hpp"

#include <doctest/doctest.h>

#include "warren/core/test_values.hpp"

namespace warren {

TEST_CASE("moves between kinds of paths are counted, and how long it took until one was direct") {
  using enum PathState;
  PathMeter meter;
  const PeerId anna = testing::keyless_peer(1);
  const PeerId ben = testing::keyless_peer(2);
  const Instant start = Instant() + 1h;
  meter.note_path(anna, kRelayed, start);
  meter.note_path(ben, kDirect, start);
  meter.note_path(anna, kRelayed, start + 300ms);  // another relay: the time goes on
  meter.note_path(anna, kDirect, start + 800ms);
  meter.note_path(anna, kDirect, start + 900ms);
  meter.note_path(anna, kRelayed, start + 10s);  // lost
  meter.note_path(anna, kDirect, start + 13s);
  meter.note_path(anna, kNone, start + 20s);

  const auto moves = meter.counters().moves;
  CHECK(moves.at({kNone, kRelayed}) == 1);
  CHECK(moves.at({kNone, kDirect}) == 1);
  CHECK(moves.at({kRelayed, kRelayed}) == 1);
  CHECK(moves.at({kRelayed, kDirect}) == 2);
  CHECK(moves.at({kDirect, kDirect}) == 1);
  CHECK(moves.at({kDirect, kRelayed}) == 1);
  CHECK(moves.at({kDirect, kNone}) == 1);
  CHECK(moves.size() == 7);

  const auto& times = meter.counters().times_to_direct;
  CHECK(times.count() == 2);  // ben's was direct at once
  CHECK(times.sum() == 3800ms);
  CHECK(times.kBounds[3] == 1s);
  CHECK(times.up_to()[2] == 0);
  CHECK(times.up_to()[3] == 1);
  CHECK(times.up_to().back() == 2);
}

TEST_CASE("who was gone and comes back through a relay is new") {
  using enum PathState;
  PathMeter meter;
  const PeerId anna = testing::keyless_peer(1);
  meter.note_path(anna, kRelayed, Instant());
  meter.note_path(anna, kNone, Instant() + 1h);
  meter.note_path(anna, kRelayed, Instant() + 2h);
  meter.note_path(anna, kDirect, Instant() + 2h + 1s);
  CHECK(meter.counters().times_to_direct.sum() == 1s);
  CHECK(meter.counters().moves.at({kNone, kRelayed}) == 2);
}

TEST_CASE("rounds are counted by their means and their end") {
  PathMeter meter;
  PunchRound round{.peer = testing::keyless_peer(1)};
  meter.note_round(round);
  round.reason = RelayReason::kProbesUnanswered;  // of an earlier try: it is direct now
  meter.note_round(round);
  round.error = make_error_code(Errc::kPunchFailed);
  meter.note_round(round);
  round.means = PathMeans::kSpray;
  round.reason.reset();
  meter.note_round(round);

  const auto rounds = meter.counters().rounds;
  CHECK(rounds.at({PathMeans::kPunch, true, {}}) == 2);
  CHECK(rounds.at({PathMeans::kPunch, false, RelayReason::kProbesUnanswered}) == 1);
  CHECK(rounds.at({PathMeans::kSpray, false, {}}) == 1);
  CHECK(rounds.size() == 3);
}

}  // namespace warren
