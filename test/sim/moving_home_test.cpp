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
  CHECK(clock.now() - moved < 2s);
  homes.net.world.loop().advance(std::max<Duration>(moved + 4500ms - clock.now(), 1ms));
  homes.ask(asker, asked, PathPolicy::kDirectOnly);
  CHECK(clock.now() - moved < 5s);
}

}  // namespace

TEST_CASE("a home that moves is answered within two seconds, and directly within five") {
  const char* const count = std::getenv("WARREN_SIM_SEEDS");
  const std::uint64_t first = scenario_seed(1);
  const std::uint64_t seeds = count == nullptr ? 3 : std::min<std::uint64_t>(20, std::stoul(count));
  for (std::uint64_t seed = first; seed < first + seeds; ++seed) {
    for (const Duration delay : {20ms, 40ms}) {
      for (const bool mover_asks : {true, false}) check_move({seed, mover_asks, delay});
    }
  }
}
