// The pure parts: the pace of a spray, its budget, whom it may send to.
#include <doctest/doctest.h>

#include <set>

#include "warren/core/address_scope.hpp"
#include "warren/core/test_values.hpp"
#include "warren/protocols/spray/spray_budget.hpp"
#include "warren/protocols/spray/spray_plan.hpp"
#include "warren/protocols/spray/target.hpp"

using namespace warren;
using namespace warren::spray;
using namespace warren::testing;

namespace {

constexpr Instant kBegin = Instant{} + 1h;

}  // namespace

TEST_CASE("a plan goes through all flows at its pace, then through the same ones again") {
  SprayPlan plan(500, 2, kBegin);
  std::vector<SprayPlan::Send> sends;
  Instant now = kBegin;
  while (!plan.done()) {
    now = plan.next_at();
    sends.push_back(plan.take(now));
  }
  REQUIRE(sends.size() == 1000);
  for (std::size_t i = 0; i < sends.size(); ++i) {
    CHECK(sends[i].flow == i % 500);
    CHECK(sends[i].is_new == (i < 500));
  }
  CHECK(now - kBegin == 999 * kFlowInterval);
  const double per_second = 1s / kFlowInterval;
  CHECK(per_second >= 50);
  CHECK(per_second <= 100);
  // All of it fits into a spray.
  CHECK(kFlowInterval * kProbesMax * kProbePasses <= 20s);
}

TEST_CASE("who was held up catches up, but never with more than a hundred in a second") {
  SprayPlan plan(512, 1, kBegin);
  const Instant late = kBegin + 2s;
  Instant now = late;
  int sent = 0;
  while (plan.next_at() <= late + 1s) {
    now = std::max(now, plan.next_at());
    plan.take(now);
    ++sent;
  }
  CHECK(sent <= 101);
  CHECK(sent >= 99);
}

TEST_CASE("a plan whose flows come to an end repeats those that there are") {
  SprayPlan plan(512, 2, kBegin);
  for (int i = 0; i < 4; ++i) plan.take(plan.next_at());
  CHECK(plan.take(plan.next_at()).flow == 4);  // which could not be made
  plan.limit_flows(4);
  for (std::size_t i = 0; i < 4; ++i) {
    const auto send = plan.take(plan.next_at());
    CHECK(send.flow == i);
    CHECK_FALSE(send.is_new);
  }
  CHECK(plan.done());

  SprayPlan none(512, 2, kBegin);
  none.take(kBegin);
  none.limit_flows(0);
  CHECK(none.done());
  CHECK(SprayPlan(0, 2, kBegin).done());
}

TEST_CASE("one spray at a time, 20 s apart, within the entries that live") {
  Limit entries{"spray_entries_max", "", 600};
  SprayBudget budget(entries);
  REQUIRE(budget.begin(kBegin));
  CHECK_FALSE(budget.begin(kBegin));
  CHECK(entries.use().refused == 1);
  for (int i = 0; i < 200; ++i) CHECK(budget.open());
  budget.end(kBegin + 3s);
  CHECK_FALSE(budget.ready(kBegin + 22s));
  CHECK(budget.ready(kBegin + 23s));
  REQUIRE(budget.begin(kBegin + 23s));
  for (int i = 0; i < 400; ++i) CHECK(budget.open());
  CHECK_FALSE(budget.open());
  CHECK(entries.used() == 600);
  budget.end(kBegin + 40s);

  // Then when enough of them have timed out: the first 200 are not enough.
  CHECK(budget.next_expiry() == kBegin + 123s);
  CHECK_FALSE(budget.ready(kBegin + 122s));
  CHECK(entries.used() == 600);
  CHECK_FALSE(budget.ready(kBegin + 123s));
  CHECK(entries.used() == 400);
  CHECK_FALSE(budget.ready(kBegin + 159s));
  CHECK(budget.ready(kBegin + 160s));
  CHECK(entries.used() == 0);
  CHECK_FALSE(budget.next_expiry());
}

TEST_CASE("a limit that is small is used, and zero means no sprays") {
  Limit few{"", "", 100}, none{"", "", 0};
  SprayBudget small(few), off(none);
  CHECK(small.begin(kBegin));
  CHECK(small.open());
  CHECK_FALSE(off.ready(kBegin));
  CHECK_FALSE(off.begin(kBegin));
}

TEST_CASE("a peer gets a spray a minute, and an IP, too, whoever asks") {
  Limit entries{"", "", 600};
  SprayBudget budget(entries);
  budget.begin_for(peer_of(1), ip("203.0.113.1"), kBegin);
  CHECK_FALSE(budget.ready_for(peer_of(1), ip("203.0.113.2"), kBegin + 59s));
  CHECK_FALSE(budget.ready_for(peer_of(2), ip("203.0.113.1"), kBegin + 59s));
  CHECK(budget.ready_for(peer_of(2), ip("203.0.113.2"), kBegin + 59s));
  CHECK(budget.ready_for(peer_of(1), ip("203.0.113.1"), kBegin + 60s));
}

TEST_CASE("only single hosts of the wide network are sprayed") {
  const std::vector<IpAddress> own{ip("198.51.100.7"), ip("192.168.1.2")};
  for (const std::string_view bad :
       {"0.0.0.0", "127.0.0.1", "10.0.0.1", "192.168.1.1", "172.16.0.1", "100.64.0.1", "169.254.169.254",
        "224.0.0.1", "239.255.255.250", "255.255.255.255", "198.51.100.7", "::", "::1", "fe80::1", "fd00::1",
        "ff02::1", "::ffff:8.8.8.8", "::8.8.8.8"}) {
    CAPTURE(bad);
    CHECK_FALSE(may_be_sprayed(ip(bad), own, false));
  }
  CHECK(may_be_sprayed(ip("203.0.113.5"), own, false));
  CHECK(may_be_sprayed(ip("2001:db8::5"), own, false));
  // In a private network.
  CHECK(may_be_sprayed(ip("10.0.0.1"), own, true));
  for (const std::string_view bad : {"127.0.0.1", "169.254.1.1", "224.0.0.1", "192.168.1.2", "fe80::1"}) {
    CAPTURE(bad);
    CHECK_FALSE(may_be_sprayed(ip(bad), own, true));
  }
}

TEST_CASE("where we are seen is read from our position") {
  NatPosition position;
  CHECK_FALSE(quic_endpoint_of(position, false));
  CHECK_FALSE(outside_of(position, false));
  position.addresses = {address("/ip4/192.168.1.2/udp/4001/quic-v1"),
                        address("/ip4/203.0.113.9/tcp/4001"),
                        address("/ip4/203.0.113.9/udp/4001/quic-v1/webtransport"),
                        address("/ip4/203.0.113.9/udp/0/quic-v1"),
                        address("/dns4/example.org/udp/4001/quic-v1"),
                        address("/ip6/2001:db8::9/udp/4001/quic-v1"),
                        address("/ip4/203.0.113.8/udp/5001/quic-v1")};
  CHECK(quic_endpoint_of(position, false) == Endpoint{ip("203.0.113.8"), 5001});
  CHECK(quic_endpoint_of(position, true) == Endpoint{ip("192.168.1.2"), 4001});
  CHECK(outside_of(position, false) == ip("203.0.113.9"));
  position.outside = {ip("10.0.0.1"), ip("2001:db8::1"), ip("203.0.113.7")};
  CHECK(outside_of(position, false) == ip("203.0.113.7"));
  position.addresses.erase(position.addresses.begin() + 6);
  CHECK(quic_endpoint_of(position, false) == Endpoint{ip("2001:db8::9"), 4001});

  NatPosition other;
  CHECK_FALSE(shares_outside(position, other));
  other.outside = {ip("203.0.113.7")};
  CHECK(shares_outside(position, other));
}
