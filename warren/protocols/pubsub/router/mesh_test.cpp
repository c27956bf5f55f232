#include "warren/protocols/pubsub/router/mesh.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "warren/sim/random.hpp"

using namespace warren;
using namespace warren::pubsub;

namespace {

std::vector<MeshPeer> peers(std::size_t count, double score = 0, std::size_t outbound = 0) {
  std::vector<MeshPeer> all;
  for (std::size_t i = 0; i < count; ++i) all.push_back({i, score, i < outbound});
  return all;
}

struct Case {
  MeshChange mend(std::vector<MeshPeer> mesh, std::vector<MeshPeer> candidates, bool opportunistic = false) {
    const bool needed = mesh_needs_mending(params, mesh, opportunistic);
    const MeshChange change = mend_mesh(params, mesh, candidates, opportunistic, random);
    if (!needed) {
      CHECK(change.prune.empty());
      CHECK(change.graft.empty());
    }
    return change;
  }
  GossipParams params;
  sim::SeededRandom random{1};
};

}  // namespace

TEST_CASE("a mesh that is too small is filled up to D with peers whose score is not negative") {
  Case test;
  auto candidates = peers(20);
  for (std::size_t i = 0; i < 10; ++i) candidates[i].score = -1;
  const auto change = test.mend(peers(3, 0, 2), candidates);
  CHECK(change.graft.size() == 5);
  CHECK(std::ranges::all_of(change.graft, [](std::size_t i) { return i >= 10; }));
  CHECK(change.prune.empty());
  CHECK(test.mend(peers(6, 0, 2), candidates).graft.empty());  // d_low: enough
}

TEST_CASE("peers with a negative score leave, and are replaced") {
  Case test;
  auto mesh = peers(8, 0, 8);
  for (std::size_t i : {1, 4, 6}) mesh[i].score = -0.1;
  const auto change = test.mend(mesh, peers(20));
  CHECK(change.prune == std::vector<std::size_t>{1, 4, 6});
  CHECK(change.graft.size() == 3);
}

TEST_CASE("a mesh that is too large keeps its best, the others by chance") {
  Case test;
  CHECK(test.mend(peers(12, 0, 2), {}).prune.empty());
  std::set<std::size_t> pruned_ever;
  for (int round = 0; round < 100; ++round) {
    auto mesh = peers(16, 1, 16);
    for (std::size_t i : {3, 5, 7, 9}) mesh[i].score = 50;
    const auto change = test.mend(mesh, {});
    REQUIRE(change.prune.size() == 8);
    CHECK(std::set<std::size_t>(change.prune.begin(), change.prune.end()).size() == 8);
    for (std::size_t i : {3, 5, 7, 9}) CHECK(std::ranges::count(change.prune, i) == 0);
    pruned_ever.insert(change.prune.begin(), change.prune.end());
  }
  CHECK(pruned_ever.size() == 12);
}

TEST_CASE("two that we dialed stay among those that are kept, as long as there are two") {
  Case test;
  for (int round = 0; round < 100; ++round) {
    auto mesh = peers(16, 10);
    mesh[12] = {12, 0, true};
    mesh[15] = {15, 0, true};
    const auto change = test.mend(mesh, {});
    CHECK(change.prune.size() == 8);
    CHECK(std::ranges::count(change.prune, 12) == 0);
    CHECK(std::ranges::count(change.prune, 15) == 0);
    mesh[12].outbound = false;
    CHECK(std::ranges::count(test.mend(mesh, {}).prune, 15) == 0);
  }
}

TEST_CASE("a mesh without enough peers that we dialed gets some, even when it is large enough") {
  Case test;
  auto candidates = peers(20);
  candidates[4].outbound = candidates[9].outbound = candidates[14].outbound = true;
  candidates[14].score = -1;
  auto change = test.mend(peers(8), candidates);
  std::ranges::sort(change.graft);
  CHECK(change.graft == std::vector<std::size_t>{4, 9});
  CHECK(test.mend(peers(8, 0, 1), candidates).graft.size() == 1);
  CHECK(test.mend(peers(8, 0, 2), candidates).graft.empty());
}

TEST_CASE("opportunistic grafting: a poor mesh takes two that are better than its median") {
  Case test;
  auto candidates = peers(20, 0.5);
  for (std::size_t i : {3, 8, 11}) candidates[i].score = 5;
  const auto mesh = peers(8, 1, 2);
  CHECK(test.mend(mesh, candidates, false).graft.empty());
  const auto change = test.mend(mesh, candidates, true);
  REQUIRE(change.graft.size() == 2);
  for (const std::size_t i : change.graft) CHECK(candidates[i].score == 5);
  CHECK(test.mend(peers(8, 2, 2), candidates, true).graft.empty());  // good enough
}

TEST_CASE("the same seed decides the same") {
  Case a;
  Case b;
  CHECK(a.mend(peers(2), peers(30)).graft == b.mend(peers(2), peers(30)).graft);
}
