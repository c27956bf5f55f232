#include "warren/protocols/pubsub/router/gossip.hpp"

#include <doctest/doctest.h>

using namespace warren::pubsub;

TEST_CASE("gossip goes to six peers, or to a quarter where there are many") {
  const GossipParams params;
  CHECK(gossip_targets(params, 0) == 0);
  CHECK(gossip_targets(params, 4) == 4);
  CHECK(gossip_targets(params, 20) == 6);
  CHECK(gossip_targets(params, 100) == 25);
}

TEST_CASE("parameters that do not fit together are refused") {
  CHECK(GossipParams().check());
  const auto bad = [](auto change) {
    GossipParams params;
    change(params);
    return !params.check();
  };
  CHECK(bad([](GossipParams& p) { p.d_low = 9; }));
  CHECK(bad([](GossipParams& p) { p.d_high = 7; }));
  CHECK(bad([](GossipParams& p) { p.d_out = 6; }));
  CHECK(bad([](GossipParams& p) { p.d_score = 9; }));
  CHECK(bad([](GossipParams& p) { p.history_gossip = 6; }));
  CHECK(bad([](GossipParams& p) { p.gossip_factor = 1.5; }));
  CHECK(bad([](GossipParams& p) { p.heartbeat_interval = {}; }));
  CHECK(bad([](GossipParams& p) { p.backoff_max = std::chrono::hours(1'000'000); }));
  CHECK(bad([](GossipParams& p) { p.opportunistic_graft_ticks = 0; }));
}
