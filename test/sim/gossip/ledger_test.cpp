#include "test/sim/gossip/ledger.hpp"

#include <doctest/doctest.h>

using namespace warren;
using namespace warren::gossip_sim;

namespace {

constexpr auto kEverybody = [](NodeIndex, NodeIndex) { return true; };

}  // namespace

TEST_CASE(
    "gossip sim: deliveries are wanted of honest nodes that were there all the time, but the publisher") {
  Ledger ledger(4, 1);
  for (NodeIndex node = 0; node < 3; ++node) ledger.set_online(node, true, Instant{});
  ledger.set_online(3, true, Instant{9s});  // too late to be in a mesh
  ledger.set_online(2, false, Instant{15s});
  const auto message = ledger.publish(0, Instant{10s}, true);
  CHECK(ledger.deliver(message, 1, 2, Instant{10s + 80ms}));
  CHECK(!ledger.deliver(message, 1, 5, Instant{10s + 90ms}));
  CHECK(ledger.deliver(message, 4, 1, Instant{10s + 10ms}));

  const Deliveries all = ledger.deliveries(Instant{}, Instant{20s}, 8s, kEverybody);
  CHECK(all.wanted == 1);
  CHECK(all.ms == std::vector<float>{80});
  CHECK(all.hops == std::vector<std::uint8_t>{2});
  CHECK(ledger.deliveries(Instant{}, Instant{20s}, 4s, kEverybody).wanted == 2);
  CHECK(ledger.deliveries(Instant{11s}, Instant{20s}, 8s, kEverybody).wanted == 0);
  CHECK(ledger.deliveries(Instant{}, Instant{20s}, 8s, [](NodeIndex, NodeIndex) { return false; }).wanted ==
        0);
}

TEST_CASE("gossip sim: what comes after the deadline is lost") {
  Ledger ledger(3, 0);
  for (NodeIndex node = 0; node < 3; ++node) ledger.set_online(node, true, Instant{});
  const auto message = ledger.publish(0, Instant{10s}, true);
  ledger.deliver(message, 1, 1, Instant{11s});
  ledger.deliver(message, 2, 1, Instant{13s});
  const Deliveries all = ledger.deliveries(Instant{}, Instant{20s}, 2s, kEverybody);
  CHECK(all.wanted == 2);
  CHECK(all.rate() == 0.5);
  CHECK(all.rate(999) == 0);
  CHECK(all.rate(1000) == 0.5);
}

TEST_CASE("gossip sim: costs are of messages published while something is measured") {
  Ledger ledger(2, 0);
  const auto before = ledger.publish(0, Instant{1s}, true);
  ledger.measure(true);
  const auto during = ledger.publish(0, Instant{2s}, true);
  ledger.came(1, before, 100);
  ledger.came(1, during, 100);
  ledger.came(1, during, 100);
  ledger.came(1, kNoMessage, 10);
  ledger.deliver(before, 1, 1, Instant{2s});
  ledger.deliver(during, 1, 1, Instant{2s});
  ledger.went(0, during, 100);
  ledger.went(0, kNoMessage, 10);
  CHECK(ledger.costs()[1].copies == 2);
  CHECK(ledger.costs()[1].unique == 1);
  CHECK(ledger.costs()[1].bytes_in == 310);
  CHECK(ledger.costs()[0].bytes_out == 110);
  CHECK(ledger.costs()[0].control_out == 10);
}

TEST_CASE("gossip sim: percentiles") {
  std::vector<float> sorted;
  CHECK(percentile(sorted, 0.5) == 0);
  for (int i = 0; i < 100; ++i) sorted.push_back(static_cast<float>(i));
  CHECK(percentile(sorted, 0.5) == 50);
  CHECK(percentile(sorted, 0.99) == 99);
  CHECK(percentile(sorted, 1) == 99);
}
