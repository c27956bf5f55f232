#include "warren/swarm/black_hole.hpp"

#include <doctest/doctest.h>

#include <string>

#include "warren/swarm/test_addresses.hpp"

using namespace warren;
using State = SuccessCounter::State;

namespace {

const Multiaddr kUdp6 = address("/ip6/2001::1/udp/1234/quic-v1");
const Multiaddr kUdp6Local = address("/ip6/::1/udp/1234/quic-v1");
const Multiaddr kUdp4 = address("/ip4/1.2.3.4/udp/1234/quic-v1");
const Multiaddr kUdp4Local = address("/ip4/192.168.1.5/udp/1234/quic-v1");
const Multiaddr kTcp6 = address("/ip6/2001::1/tcp/1234");
const Multiaddr kTcp6Local = address("/ip6/::1/tcp/1234");
const Multiaddr kTcp4 = address("/ip4/1.2.3.4/tcp/1234");
const Multiaddr kTcp4Local = address("/ip4/192.168.1.5/tcp/1234");
const Multiaddr kUdpName = address("/dns4/example.net/udp/1/quic-v1");
const std::vector<Multiaddr> kAll = {kUdp6,      kUdp6Local, kUdp4,      kUdp4Local, kTcp6,
                                     kTcp6Local, kTcp4,      kTcp4Local, kUdpName};

void record_times(BlackHoleDetector& detector, const Multiaddr& address, bool success, int times) {
  for (int i = 0; i < times; ++i) detector.record(address, success);
}

BlackHoleDetector detector_with(bool udp_works, bool ip6_works) {
  BlackHoleDetector detector;
  record_times(detector, kUdp4, udp_works, 100);
  record_times(detector, kTcp6, ip6_works, 100);
  return detector;
}

}  // namespace

TEST_CASE("a counter probes until it knows, then every nth time, and a success starts anew") {
  SuccessCounter counter(10, 2);
  for (int i = 1; i <= 10; ++i) {
    CHECK(counter.request() == State::kProbing);
    CHECK(counter.state() == State::kProbing);
    counter.record(false);
  }
  for (int i = 11; i < 42; ++i) {
    CHECK(counter.request() == (i % 10 == 0 ? State::kProbing : State::kBlocked));
    CHECK(counter.state() == State::kBlocked);
  }
  counter.record(true);
  for (int i = 0; i < 10; ++i) {
    CHECK(counter.request() == State::kProbing);
    counter.record(false);
  }
  CHECK(counter.request() == State::kBlocked);
}

TEST_CASE("enough successes in the window allow") {
  struct Case {
    std::size_t successes_min;
    int successes;
    State state;
  };
  for (const Case& test :
       {Case{5, 5, State::kAllowed}, Case{3, 3, State::kAllowed}, Case{5, 4, State::kBlocked},
        Case{5, 7, State::kAllowed}, Case{3, 1, State::kBlocked}, Case{0, 0, State::kAllowed},
        Case{10, 10, State::kAllowed}}) {
    CAPTURE(test.successes_min);
    CAPTURE(test.successes);
    SuccessCounter counter(10, test.successes_min);
    for (int i = 0; i < 10; ++i) counter.record(i < test.successes);
    CHECK(counter.request() == test.state);
  }
}

TEST_CASE("only the last results count") {
  SuccessCounter counter(10, 5);
  for (int i = 0; i < 10; ++i) counter.record(true);
  for (int i = 0; i < 5; ++i) counter.record(false);
  CHECK(counter.state() == State::kAllowed);
  counter.record(false);
  CHECK(counter.state() == State::kBlocked);
}

TEST_CASE("only public UDP and IPv6 addresses are judged") {
  BlackHoleDetector detector(10, 5);
  const std::vector<Multiaddr> others = {kTcp4, kTcp4Local, kUdp4Local, kUdp6Local, kTcp6Local, kUdpName};
  for (int i = 0; i < 1000; ++i) {
    REQUIRE(detector.filter(others).allowed == others);
    for (const Multiaddr& address : others) detector.record(address, false);
  }
  CHECK(detector.udp() == State::kProbing);
  CHECK(detector.ip6() == State::kProbing);
}

TEST_CASE("a probe of one is dialed whatever is known of the other") {
  BlackHoleDetector udp(2, 1);
  record_times(udp, kTcp6, false, 2);
  CHECK(udp.ip6() == State::kBlocked);
  CHECK(udp.filter({kUdp6}).refused.empty());
  CHECK(udp.filter({kTcp6, kUdp6}).refused.empty());  // the second request is IPv6's probe
  CHECK(udp.filter({kTcp6, kUdp6}).refused == std::vector{kTcp6});

  BlackHoleDetector both(2, 1);
  record_times(both, kUdp6, false, 2);
  for (int i = 1; i < 20; ++i) CHECK(both.filter({kUdp6}).allowed.size() == (i % 2 == 0 ? 1 : 0));
}

TEST_CASE("blocked paths are filtered out") {
  const auto without_udp = detector_with(false, true).filter(kAll);
  CHECK(without_udp.allowed ==
        std::vector{kUdp6Local, kUdp4Local, kTcp6, kTcp6Local, kTcp4, kTcp4Local, kUdpName});
  CHECK(without_udp.refused == std::vector{kUdp6, kUdp4});

  const auto without_ip6 = detector_with(true, false).filter(kAll);
  CHECK(without_ip6.refused == std::vector{kUdp6, kTcp6});

  const auto without_both = detector_with(false, false).filter(kAll);
  CHECK(without_both.refused == std::vector{kUdp6, kUdp4, kTcp6});

  const auto all = detector_with(true, true).filter(kAll);
  CHECK(all.allowed == kAll);
}

TEST_CASE("on another network all is open again") {
  BlackHoleDetector detector = detector_with(false, false);
  CHECK(detector.udp() == State::kBlocked);
  detector.reset();
  CHECK(detector.udp() == State::kProbing);
  CHECK(detector.filter(kAll).allowed == kAll);
}
