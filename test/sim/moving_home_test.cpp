// A home moves to another network while it talks to a peer over a direct path: how soon the next request is
// answered at all, and how soon directly. In virtual time, of many seeds.
#include "test/sim/node_world.hpp"
#include "warren/node/test_neighbours.hpp"

using namespace warren;
using test::Neighbours;

namespace {

struct Move {
  std::uint64_t seed;
  bool mover_asks;
  Duration delay;  // one way, of each link
};

void check_move(const Move& move) {
  CAPTURE(move.seed);
  CAPTURE(move.mover_asks);
  CAPTURE(to_ms(move.delay));
  Neighbours homes(move.seed, move.delay);
  Node& asker = move.mover_asks ? *homes.alice : *homes.bob;
  Node& asked = move.mover_asks ? *homes.bob : *homes.alice;
  Clock& clock = homes.net.world.clock();
  const Instant moved = clock.now();
  homes.move_alice();
  homes.ask(asker, asked);
  const Duration answered = clock.now() - moved;
  CHECK(answered < 2s);
  homes.wait_until_direct_since(moved, 5s);
  homes.ask(asker, asked, PathPolicy::kDirectOnly);
  const Duration direct = clock.now() - moved;
  CHECK(direct < 5s);
  if (std::getenv("WARREN_SIM_SEEDS") == nullptr) return;
  MESSAGE("seed ", move.seed, ", ", 2 * to_ms(move.delay), " ms, ", move.mover_asks ? "mover" : "other",
          " asks: answered after ", to_ms(answered), " ms, directly after ", to_ms(direct), " ms");
}

}  // namespace

TEST_CASE("a home that moves is answered within two seconds, and directly within five") {
  const char* const count = std::getenv("WARREN_SIM_SEEDS");
  const std::uint64_t first = scenario_seed(1);
  const std::uint64_t seeds = count == nullptr ? 4 : std::min<std::uint64_t>(20, std::stoul(count));
  // Of four seeds in a row, each has another delay, or another one who asks.
  for (std::uint64_t seed = first; seed < first + seeds; ++seed)
    check_move({.seed = seed, .mover_asks = seed / 2 % 2 == 0, .delay = seed % 2 == 0 ? 20ms : 40ms});
}
