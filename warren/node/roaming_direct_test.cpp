// Whole nodes behind routers that move, or whose router forgets them: requests go on over a relay within two
// seconds, and directly within five. More seeds, and longer links: test/sim/moving_home_test.cpp.
#include "warren/node/test_neighbours.hpp"

using namespace warren;
using test::Neighbours;

TEST_CASE("a home that moves is answered within two seconds, and directly within five") {
  for (const bool mover_asks : {true, false}) {
    CAPTURE(mover_asks);
    Neighbours homes;
    Node& asker = mover_asks ? *homes.alice : *homes.bob;
    Node& asked = mover_asks ? *homes.bob : *homes.alice;
    homes.move_alice();
    const Duration answered = homes.ask(asker, asked);
    CHECK(answered < 2s);
    homes.net.world.loop().advance(std::max<Duration>(5s - answered, 1ms));
    CHECK(homes.ask(asker, asked, PathPolicy::kDirectOnly) < 500ms);
  }
}

TEST_CASE("after its provider gave a home another address it is answered within ten seconds, and directly") {
  Neighbours homes;
  homes.net.routers[0]->set_outside(IpAddress::v4({99, 2, 2, 2}));
  const Duration answered = homes.ask(*homes.bob, *homes.alice);
  CHECK(answered < 10s);
  CHECK(homes.ask(*homes.bob, *homes.alice, PathPolicy::kDirectOnly) < 15s);
}
