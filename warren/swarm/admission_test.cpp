#include "warren/swarm/admission.hpp"

#include <doctest/doctest.h>

#include "warren/swarm/test_addresses.hpp"

using namespace warren;

namespace {

// Admits connections of ever new peers until one is refused; tells by which limit, and how many came in.
struct Admitted {
  explicit Admitted(SwarmLimits limits) : table(limits), admission(table) {}

  std::string_view fill(Direction direction, const std::function<std::optional<IpAddress>(int)>& address) {
    for (int i = 0; i < 200; ++i) {
      auto place = admission.admit(direction, keyless_peer(static_cast<std::size_t>(i)), address(i));
      if (!place) return place.error();
      places.push_back(std::move(*place));
    }
    return {};
  }
  std::string_view fill(Direction direction, std::string_view address) {
    return fill(direction, [address](int) { return ip(address); });
  }
  LimitUse use(std::size_t SwarmLimits::* field) { return table[field].use(); }
  void check_nothing_used() {
    for (const LimitUse& use : table.use()) CHECK_MESSAGE(use.used == 0, use.knob);
  }

  LimitTable table;
  Admission admission;
  std::vector<Admission::Place> places;
};

constexpr auto kIn = Direction::kInbound;
constexpr auto kOut = Direction::kOutbound;

}  // namespace

TEST_CASE("connections are admitted up to a number, of which a part is for our own dials") {
  Admitted crowd({.connections_max = 10, .connections_inbound_max = 6});
  CHECK(crowd.fill(kIn, "127.0.0.1") == "connections_inbound_max");
  CHECK(crowd.places.size() == 6);
  CHECK(crowd.admission.inbound_has_room(ip("127.0.0.1")).error() == "connections_inbound_max");
  CHECK(crowd.admission.outbound_has_room());
  CHECK(crowd.fill(kOut, "127.0.0.1") == "connections_max");
  CHECK(crowd.places.size() == 10);
  CHECK(crowd.admission.outbound_has_room().error() == "connections_max");
  CHECK(crowd.use(&SwarmLimits::connections_max).refused == 2);
  CHECK(crowd.use(&SwarmLimits::connections_inbound_max).refused == 2);

  crowd.places.pop_back();
  CHECK(crowd.use(&SwarmLimits::connections_max).used == 9);
  CHECK(crowd.admission.admit(kOut, keyless_peer(200), {}));
  crowd.places.clear();
  crowd.check_nothing_used();
}

TEST_CASE("connections with one peer, in both directions") {
  Admitted crowd({.connections_per_peer_max = 2});
  auto first = crowd.admission.admit(kIn, keyless_peer(1), {});
  auto second = crowd.admission.admit(kOut, keyless_peer(1), {});
  auto other = crowd.admission.admit(kOut, keyless_peer(2), {});
  CHECK(other);
  CHECK(crowd.admission.admit(kOut, keyless_peer(1), {}).error() == "connections_per_peer_max");
  CHECK(crowd.use(&SwarmLimits::connections_per_peer_max).used == 2);
  CHECK(crowd.use(&SwarmLimits::connections_max).used == 3);  // the refused one took nothing
  first = {};
  CHECK(crowd.use(&SwarmLimits::connections_per_peer_max).used == 1);
  CHECK(crowd.admission.admit(kOut, keyless_peer(1), {}));
}

TEST_CASE("inbound connections from one IPv4 address") {
  Admitted crowd({.connections_per_ip4_max = 4});
  CHECK(crowd.fill(kIn, "192.0.2.1") == "connections_per_ip4_max");
  CHECK(crowd.places.size() == 4);
  CHECK(crowd.admission.inbound_has_room(ip("192.0.2.1")).error() == "connections_per_ip4_max");
  CHECK(crowd.admission.inbound_has_room(ip("192.0.2.2")));
  CHECK(crowd.admission.admit(kIn, keyless_peer(1), ip("192.0.2.2")));
  CHECK(crowd.admission.admit(kOut, keyless_peer(1), ip("192.0.2.1")));
  CHECK(crowd.use(&SwarmLimits::connections_per_ip4_max).used == 4);
  crowd.places.clear();
  crowd.check_nothing_used();
}

TEST_CASE("inbound connections from one IPv6 /56, and from one /48") {
  Admitted crowd({.connections_per_ip6_56_max = 4, .connections_per_ip6_48_max = 10});
  const auto in_one_56 = [](int i) { return ip("2001:db8:1:4" + std::to_string(i % 10) + "::1"); };
  CHECK(crowd.fill(kIn, in_one_56) == "connections_per_ip6_56_max");
  CHECK(crowd.places.size() == 4);
  CHECK(crowd.admission.inbound_has_room(ip("2001:db8:1:4f::9")).error() == "connections_per_ip6_56_max");
  const auto in_one_48 = [](int i) { return ip("2001:db8:1:" + std::to_string(i + 10) + "00::1"); };
  CHECK(crowd.fill(kIn, in_one_48) == "connections_per_ip6_48_max");
  CHECK(crowd.places.size() == 10);
  CHECK(crowd.admission.inbound_has_room(ip("2001:db8:1:ff00::1")).error() == "connections_per_ip6_48_max");
  CHECK(crowd.admission.admit(kIn, keyless_peer(1), ip("2001:db8:2:40::1")));
  crowd.places.clear();
  crowd.check_nothing_used();
}

TEST_CASE("private, loopback and link-local addresses have no limit of their own") {
  for (const auto* address :
       {"127.0.0.1", "10.1.2.3", "192.168.1.1", "169.254.1.1", "::1", "fe80::1", "fd00::1"}) {
    CAPTURE(address);
    Admitted crowd(
        {.connections_per_ip4_max = 4, .connections_per_ip6_56_max = 4, .connections_per_ip6_48_max = 4});
    CHECK(crowd.fill(kIn, address).empty());
  }
}

TEST_CASE("the greatest of all keys is what a keyed limit has in use") {
  Limit limit("knob", "about", 3);
  KeyedLimit<int> keyed(limit);
  auto a1 = keyed.take(1);
  auto a2 = keyed.take(1);
  auto b1 = keyed.take(2);
  CHECK(limit.used() == 2);
  a1.reset();
  CHECK(limit.used() == 1);
  *a2 = std::move(*b1);  // swaps
  b1.reset();
  CHECK(keyed.used(1) == 0);
  CHECK(keyed.used(2) == 1);
  a2.reset();
  CHECK(limit.used() == 0);
}
