// The kernel's multicasts, on the loopback card. Those of IPv6 need another one: test/net has it.
#include "warren/env/real/multicast.hpp"

#include <doctest/doctest.h>

#include "warren/env/real/loop.hpp"
#include "warren/sim/multicast_contract.hpp"

namespace warren::real {
namespace {

// Of RFC 5771's block for documentation.
const IpAddress kGroup = IpAddress::v4({233, 252, 0, 1});
const IpAddress kOtherGroup = IpAddress::v4({233, 252, 0, 2});

struct MulticastTest {
  Loop loop{1};
  Env& env = loop.env();
  // Groups share it with nobody.
  std::uint16_t port = value_or_throw(env.network.bind_udp({{}, 0}))->local_endpoint().port;

  NetworkInterface loopback() {
    for (const NetworkInterface& interface : env.network.interfaces()) {
      if (std::ranges::any_of(interface.addresses, &IpAddress::is_loopback)) return interface;
    }
    return {};
  }
};

TEST_CASE_FIXTURE(MulticastTest, "the kernel's multicast keeps its contract") {
  const sim::MulticastContract::Machine machine{env.network, loopback()};
  sim::check_multicast_contract({.clock = env.clock,
                                 .executor = env.executor,
                                 .run = [this](Task<void> task) { loop.run(std::move(task)); },
                                 .group = {kGroup, port},
                                 .other_group = {kOtherGroup, port},
                                 .one = machine,
                                 .other = machine});
}

TEST_CASE_FIXTURE(MulticastTest,
                  "interfaces: the loopback one takes no multicasts, and addresses are the same") {
  const NetworkInterface lo = loopback();
  CHECK(lo.index != 0);
  CHECK_FALSE(lo.name.empty());
  CHECK_FALSE(lo.multicast);
  std::vector<IpAddress> by_interface;
  for (const NetworkInterface& interface : env.network.interfaces()) {
    by_interface.insert(by_interface.end(), interface.addresses.begin(), interface.addresses.end());
  }
  auto all = env.network.interface_addresses();
  std::ranges::sort(by_interface);
  std::ranges::sort(all);
  // Those of cards that are not up are in the second only.
  CHECK(std::ranges::includes(all, by_interface));
}

TEST_CASE_FIXTURE(MulticastTest, "a card without an address of the group's family can't be joined") {
  NetworkInterface without = loopback();
  std::erase_if(without.addresses, &IpAddress::is_v4);
  const auto joined = env.network.join_multicast({kGroup, port}, without);
  CHECK(joined.error() == Errc::kAddressNotAvailable);
}

}  // namespace
}  // namespace warren::real
