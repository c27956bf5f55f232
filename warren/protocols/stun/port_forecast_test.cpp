#include "warren/protocols/stun/port_forecast.hpp"

#include <doctest/doctest.h>

#include "warren/protocols/stun/test_town.hpp"

using namespace warren;
using namespace warren::stun;

namespace {

constexpr Behavior kHard = Behavior::kAddressAndPortDependent;
using Ports = std::vector<std::uint16_t>;

}  // namespace

TEST_CASE("a hard NAT's ports are sequential when neighbours grow by small steps") {
  struct Row {
    Ports ports;
    NatPorts expected;
    int step;
  };
  const std::vector<Row> rows{
      {{5000, 5001, 5002, 5003}, NatPorts::kSequential, 1},
      {{5000, 5002, 5004}, NatPorts::kSequential, 2},
      {{5000, 5001}, NatPorts::kSequential, 1},
      {{5000, 5016}, NatPorts::kSequential, 16},
      {{5000, 5017}, NatPorts::kRandom, 0},
      // Others behind the same router make mappings, too.
      {{5000, 5001, 5005, 5006, 5009}, NatPorts::kSequential, 1},
      // The counter begins anew.
      {{65534, 65535, 1024, 1025}, NatPorts::kSequential, 1},
      {{65535, 1025}, NatPorts::kSequential, 2},
      // The same server's other port, where only addresses count.
      {{5000, 5000, 5001, 5001}, NatPorts::kSequential, 1},
      // Two datagrams overtook each other; one was sent again much later.
      {{5000, 5002, 5001, 5003}, NatPorts::kSequential, 2},
      {{5000, 5001, 5002, 5090}, NatPorts::kSequential, 1},
      {{5001, 5000}, NatPorts::kRandom, 0},
      {{5000, 61234, 17, 33000}, NatPorts::kRandom, 0},
      {{40000, 40002, 12000, 55555, 12003}, NatPorts::kRandom, 0},
      // Too little to tell.
      {{5000}, NatPorts::kUnknown, 0},
      {{5000, 5000}, NatPorts::kUnknown, 0},
      {{}, NatPorts::kUnknown, 0},
  };
  for (const Row& row : rows) {
    CAPTURE(row.ports);
    const PortTrend trend = trend_of(kHard, row.ports);
    CHECK(to_string(trend.ports) == to_string(row.expected));
    CHECK(trend.step == row.step);
  }
}

TEST_CASE("what is not hard has no trend, whatever the ports") {
  const Ports ports{5000, 5001, 5002};
  CHECK(trend_of(Behavior::kEndpointIndependent, ports).ports == NatPorts::kUnknown);
  CHECK(trend_of(Behavior::kUnknown, ports).ports == NatPorts::kUnknown);
  CHECK(trend_of(Behavior::kAddressDependent, ports).ports == NatPorts::kSequential);
}

TEST_CASE("the next ports follow the last one, the nearest first, and never a low one") {
  CHECK(forecast(5000, 1, 4) == Ports{5001, 5002, 5003, 5004});
  CHECK(forecast(5000, 2, 4) == Ports{5001, 5002, 5004, 5003});
  CHECK(forecast(5000, 3, 7) == Ports{5001, 5003, 5002, 5006, 5004, 5005, 5007});
  CHECK(forecast(65534, 1, 3) == Ports{65535, 1024, 1025});
  CHECK(forecast(65535, 2, 3) == Ports{1024, 1025, 1027});
  CHECK(forecast(5000, 0, 3).empty());
  CHECK(forecast(5000, 1, 0).empty());
  CHECK(forecast(5000, 1, 1'000'000).size() == 64'512);
}

// The survey asks everybody at once, and routers of the simulation give ports as their type says.
TEST_CASE("each kind of router is told by what its survey saw") {
  struct Row {
    std::string_view router;
    NatPorts expected;
  };
  for (const Row& row :
       {Row{"symmetric-sequential", NatPorts::kSequential}, Row{"symmetric-random", NatPorts::kRandom},
        Row{"full-cone", NatPorts::kUnknown}, Row{"port-restricted", NatPorts::kUnknown}}) {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
      CAPTURE(row.router);
      CAPTURE(seed);
      test::Town town(sim::NatOptions::of_type(row.router), seed);
      town.add_server({test::outside(2)});
      town.add_server({test::outside(3)});
      town.add_helper(0);
      town.add_helper(1);
      const NatReport report = town.run();
      CHECK(to_string(trend_of(report.mapping, report.ports).ports) == to_string(row.expected));
    }
  }
}
