#include "warren/protocols/kad/routing/lookup.hpp"

#include <doctest/doctest.h>

#include "warren/core/test_values.hpp"
#include "warren/protocols/kad/routing/test_go_lookup.hpp"
#include "warren/protocols/kad/routing/test_network.hpp"

using namespace warren;
using namespace warren::kad;
using namespace warren::testing;
using kad::test::GoLookup;
using kad::test::kStart;
using kad::test::LookupRun;
using kad::test::numbered_peer;
using kad::test::random_key;
using kad::test::run_lookup;
using kad::test::share_found;
using kad::test::TestNetwork;

namespace {

const Key kTarget = Key::of(as_bytes("what is looked for"));

// Numbered peers from `from` on, nearest to kTarget first.
std::vector<PeerInfo> peers(std::size_t count, std::uint64_t from = 0) {
  std::vector<PeerInfo> result;
  for (std::size_t i = 0; i < count; ++i) result.push_back({numbered_peer(from + i), {}});
  std::ranges::sort(result, {}, [](const PeerInfo& one) { return kTarget.distance(Key::of(one.id)); });
  return result;
}

std::vector<PeerId> ask_all(Lookup& lookup, Instant now) {
  std::vector<PeerId> asked;
  while (const auto peer = lookup.next(now)) asked.push_back(peer->id);
  return asked;
}

}  // namespace

TEST_CASE("asks the nearest first, as many as may be under way, and follows who is nearer") {
  const auto all = peers(40);
  Lookup lookup(kTarget, {all.begin() + 20, all.end()}, {.closest = 3, .concurrency = 2});
  CHECK_FALSE(lookup.done(kStart));
  CHECK(lookup.next(kStart)->id == all[20].id);
  CHECK(lookup.next(kStart)->id == all[21].id);
  CHECK_FALSE(lookup.next(kStart));
  lookup.answered(all[21].id, {all[1], all[0], all[2]}, kStart + 50ms);
  CHECK(lookup.next(kStart + 50ms)->id == all[0].id);
  CHECK_FALSE(lookup.next(kStart + 50ms));
  lookup.answered(all[0].id, {all[1], all[2]}, kStart + 90ms);
  lookup.answered(all[20].id, {}, kStart + 90ms);
  CHECK(ask_all(lookup, kStart + 90ms) == std::vector<PeerId>{all[1].id, all[2].id});
  CHECK_FALSE(lookup.done(kStart + 90ms));
  lookup.answered(all[1].id, {}, kStart + 100ms);
  lookup.answered(all[2].id, {}, kStart + 100ms);
  CHECK(lookup.done(kStart + 100ms));
  CHECK(lookup.closest().size() == 3);
  CHECK(lookup.closest()[0].id == all[0].id);
  CHECK(lookup.hops() == 1);
  CHECK(lookup.steps().size() == 5);
  CHECK(lookup.steps()[2].peer == all[0].id);
  CHECK(lookup.steps()[2].common_prefix == kTarget.common_prefix(Key::of(all[0].id)));
  CHECK(lookup.steps()[2].ended == kStart + 90ms);
}

TEST_CASE("without seeds it is over, and without an answer there is no result") {
  CHECK(Lookup(kTarget, {}).done(kStart));
  const auto all = peers(1);
  Lookup lookup(kTarget, all);
  CHECK(lookup.next(kStart)->id == all[0].id);
  CHECK_FALSE(lookup.done(kStart + 1h));  // nobody has answered: who is slow is all that there is
  lookup.failed(all[0].id, kStart + 1h);
  CHECK(lookup.done(kStart + 1h));
  CHECK(lookup.closest().empty());
  CHECK_FALSE(lookup.wake_at());
}

TEST_CASE("the slow give up their place, and the answer does not wait for them") {
  const auto all = peers(6);
  Lookup lookup(kTarget, all, {.closest = 2, .concurrency = 2, .slow_after = 700ms});
  CHECK(ask_all(lookup, kStart) == std::vector<PeerId>{all[0].id, all[1].id});
  CHECK(lookup.wake_at() == kStart + 700ms);
  CHECK(ask_all(lookup, kStart + 699ms).empty());
  CHECK(ask_all(lookup, kStart + 700ms) == std::vector<PeerId>{all[2].id, all[3].id});
  lookup.answered(all[2].id, {}, kStart + 800ms);
  CHECK_FALSE(lookup.done(kStart + 800ms));
  lookup.answered(all[3].id, {}, kStart + 800ms);
  CHECK(lookup.done(kStart + 800ms));
  CHECK(lookup.closest()[0].id == all[2].id);
  lookup.answered(all[0].id, {}, kStart + 801ms);  // late, and welcome
  CHECK(lookup.closest()[0].id == all[0].id);
  CHECK(lookup.closest()[1].id == all[2].id);
}

TEST_CASE("what is slow is learned from those that answer, within bounds") {
  const auto all = peers(12);
  Lookup lookup(kTarget, all, {.closest = 12, .concurrency = 10});
  CHECK(ask_all(lookup, kStart).size() == 10);
  for (std::size_t i = 0; i < 5; ++i) lookup.answered(all[i].id, {}, kStart + 60ms);
  ask_all(lookup, kStart + 60ms);
  CHECK(lookup.wake_at() == kStart + 700ms);  // less than half have answered
  for (std::size_t i = 5; i < 9; ++i) lookup.answered(all[i].id, {}, kStart + 60ms);
  CHECK(lookup.wake_at() == kStart + 180ms);
  CHECK_FALSE(lookup.done(kStart + 200ms));  // fewer than k: the slow get three times as long
  lookup.answered(all[10].id, {}, kStart + 200ms);
  lookup.answered(all[11].id, {}, kStart + 200ms);
  CHECK_FALSE(lookup.done(kStart + 539ms));
  CHECK(lookup.done(kStart + 540ms));
  CHECK(lookup.closest().size() == 11);

  Lookup near(kTarget, all, {.closest = 12});
  ask_all(near, kStart);
  for (std::size_t i = 0; i < 9; ++i) near.answered(all[i].id, {}, kStart + 1ms);
  CHECK(near.wake_at() == kStart + 100ms);
}

TEST_CASE("who comes unasked, twice or too late changes nothing") {
  const auto all = peers(3);
  Lookup lookup(kTarget, {all[2]}, {.closest = 2});
  lookup.answered(all[0].id, {all[1]}, kStart);
  lookup.failed(all[2].id, kStart);
  ask_all(lookup, kStart);
  lookup.answered(all[2].id, {all[2], {}}, kStart);
  lookup.answered(all[2].id, {all[0]}, kStart);
  CHECK(lookup.done(kStart));
  CHECK(lookup.steps().size() == 1);
  CHECK(lookup.closest().size() == 1);
}

TEST_CASE("a dead peer is asked once more when an address of it comes to light") {
  const auto all = peers(3);
  PeerInfo hidden = all[0];
  hidden.addresses = {address("/ip4/192.0.2.1/tcp/1")};
  Lookup lookup(kTarget, {hidden, all[1], all[2]}, {.concurrency = 1});
  lookup.next(kStart);
  lookup.failed(hidden.id, kStart);
  CHECK(lookup.next(kStart)->id == all[1].id);
  lookup.answered(all[1].id, {hidden}, kStart);
  CHECK(lookup.next(kStart)->id == all[2].id);
  hidden.addresses = {address("/ip4/192.0.2.2/tcp/1")};
  lookup.answered(all[2].id, {hidden}, kStart);
  const auto again = lookup.next(kStart);
  CHECK(again->id == hidden.id);
  CHECK(again->addresses.size() == 2);
  lookup.failed(hidden.id, kStart);
  CHECK(lookup.done(kStart));
}

TEST_CASE("peers of one block of addresses do not fill the answer while there are others") {
  auto all = peers(30);
  for (std::size_t i = 0; i < 10; ++i) all[i].addresses = {address("/ip4/198.51.100.1/tcp/1")};
  Lookup lookup(kTarget, all, {.closest = 8, .concurrency = 30});
  const auto asked = ask_all(lookup, kStart);
  for (std::size_t i = 3; i < 10; ++i) CHECK(asked[i] == all[i + 7].id);
  for (const PeerId& peer : asked) lookup.answered(peer, {}, kStart + 50ms);
  CHECK(lookup.done(kStart + 50ms));
  const auto closest = lookup.closest();
  CHECK(closest.size() == 8);
  CHECK(closest[2].id == all[2].id);
  CHECK(closest[3].id == all[10].id);
  // Where all are of one block it is a network like any other.
  for (PeerInfo& one : all) one.addresses = {address("/ip4/198.51.100.1/tcp/1")};
  Lookup alone(kTarget, all, {.closest = 8});
  for (const PeerId& peer : ask_all(alone, kStart)) alone.answered(peer, {}, kStart);
  CHECK(alone.done(kStart));
  CHECK(alone.closest().size() == 8);
  CHECK(alone.closest()[7].id == all[7].id);
}

TEST_CASE("who names nothing but dead peers does not keep the lookup busy with them") {
  const auto all = peers(300);
  const std::vector<PeerInfo> ghosts(all.begin(), all.begin() + 24);
  const PeerInfo liar = all[200];
  const PeerInfo honest = all[201];
  Lookup lookup(kTarget, {liar, honest}, {.closest = 3, .concurrency = 2});
  ask_all(lookup, kStart);
  lookup.answered(liar.id, ghosts, kStart);
  lookup.answered(honest.id, {all[100], all[101], all[102]}, kStart);
  std::vector<PeerId> dead;
  Instant now = kStart;
  while (!lookup.done(now)) {
    now += 10ms;
    for (const PeerId& peer : ask_all(lookup, now)) {
      if (std::ranges::find(ghosts, peer, &PeerInfo::id) != ghosts.end()) {
        dead.push_back(peer);
        lookup.failed(peer, now);
      } else {
        lookup.answered(peer, {}, now);
      }
    }
  }
  CHECK(dead.size() <= 6);
  CHECK(lookup.closest()[0].id == all[100].id);
}

TEST_CASE("what a peer can make it keep and ask is bounded") {
  Lookup lookup(kTarget, peers(1), {.questions_max = 30, .candidates_max = 50});
  std::uint64_t number = 1000;
  Instant now = kStart;
  std::size_t answers = 0;
  while (!lookup.done(now)) {
    now += 10ms;
    for (const PeerId& peer : ask_all(lookup, now)) {
      lookup.answered(peer, peers(500, number += 500), now);
      ++answers;
    }
  }
  CHECK(answers == 30);
  CHECK(lookup.steps().size() == 30);
  CHECK(lookup.closest().size() == 20);
  // The dead do not pile up either.
  Lookup dead(kTarget, peers(100), {.concurrency = 5});
  for (now = kStart; now < kStart + 10s; now += 1s) ask_all(dead, now);
  CHECK(dead.steps().size() == 20);
}

TEST_CASE("disjoint paths ask nobody twice, and find the same") {
  const TestNetwork network(1000, 0, 3);
  std::mt19937_64 random(3);
  const Key target = random_key(random);
  const auto seeds = network.answer(network.nodes()[500], target);
  Lookup lookup(target, seeds, {.paths = 3});
  const LookupRun run = run_lookup(lookup, network, random);
  std::set<PeerId> asked;
  for (const LookupStep& step : lookup.steps()) CHECK(asked.insert(step.peer).second);
  CHECK(share_found(run.closest, network.honest(target)) >= 0.95);
}

// The nearest are a liar's accomplices, and whoever is on his path ends with them.
std::vector<PeerId> asked_beside_a_liar(std::size_t paths) {
  const auto all = peers(60);
  const std::vector<PeerInfo> sybils(all.begin(), all.begin() + 4);
  const std::vector<PeerInfo> honest(all.begin() + 10, all.begin() + 14);
  Lookup lookup(kTarget, {all[50], all[51]}, {.closest = 4, .concurrency = 2, .paths = paths});
  Instant now = kStart;
  while (!lookup.done(now)) {
    now += 10ms;
    for (const PeerId& peer : ask_all(lookup, now)) {
      const bool lies = peer == all[50].id || std::ranges::find(sybils, peer, &PeerInfo::id) != sybils.end();
      lookup.answered(peer, lies ? sybils : honest, now);
    }
  }
  std::vector<PeerId> asked;
  for (const LookupStep& step : lookup.steps()) {
    if (std::ranges::find(honest, step.peer, &PeerInfo::id) != honest.end()) asked.push_back(step.peer);
  }
  return asked;
}

TEST_CASE("on another path than a liar's the honest are reached") {
  CHECK(asked_beside_a_liar(1).empty());
  CHECK(asked_beside_a_liar(2).size() == 4);
}

TEST_CASE("4,000 peers, 12 % of them dead: found, and sooner than by go's rules") {
  const TestNetwork network(4000, 0.12, 1);
  std::vector<double> ours_ms;
  std::vector<double> go_ms;
  double found = 0;
  std::size_t nearest_found = 0;
  std::size_t hops = 0;
  std::size_t questions = 0;
  std::size_t go_questions = 0;
  constexpr std::size_t kLookups = 30;
  std::mt19937_64 random(1);
  for (std::size_t i = 0; i < kLookups; ++i) {
    const Key target = random_key(random);
    const auto seeds = network.answer(network.any(random), target);
    const auto expected = network.honest(target);
    Lookup lookup(target, seeds);
    const LookupRun run = run_lookup(lookup, network, random);
    ours_ms.push_back(to_ms(run.took));
    found += share_found(run.closest, expected);
    if (!run.closest.empty() && run.closest[0].id == expected[0].id) ++nearest_found;
    hops += run.hops;
    questions += run.questions;
    GoLookup go(target, seeds);
    const LookupRun go_run = run_lookup(go, network, random);
    go_ms.push_back(to_ms(go_run.took));
    go_questions += go_run.questions;
  }
  std::ranges::sort(ours_ms);
  std::ranges::sort(go_ms);
  const auto at = [](const std::vector<double>& times, double part) {
    return times[static_cast<std::size_t>(part * static_cast<double>(times.size()))];
  };
  INFO("ours p50 ", at(ours_ms, 0.5), " ms, p95 ", at(ours_ms, 0.95), " ms, questions ", questions / kLookups,
       "; go p50 ", at(go_ms, 0.5), " ms, p95 ", at(go_ms, 0.95), " ms, questions ", go_questions / kLookups,
       "; found ", found / kLookups, ", hops ", static_cast<double>(hops) / kLookups, ", nearest ",
       nearest_found);
  CHECK(found / kLookups >= 0.98);
  CHECK(nearest_found >= kLookups - 1);
  CHECK(hops <= 4 * kLookups);
  CHECK(at(ours_ms, 0.5) <= at(go_ms, 0.5) / 2);
  CHECK(at(ours_ms, 0.95) <= at(go_ms, 0.95) / 4);
  CHECK(questions <= 60 * kLookups);
}
