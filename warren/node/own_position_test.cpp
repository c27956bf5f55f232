#include "warren/node/own_position.hpp"

#include <doctest/doctest.h>

#include "warren/core/test_values.hpp"

namespace warren {

namespace {

using autonat::OwnAddress;
using autonat::OwnSource;
using stun::Behavior;
using testing::address;

stun::NatReport report(Behavior mapping, Behavior filtering, std::vector<std::uint16_t> ports) {
  stun::NatReport report;
  report.local = {IpAddress(), 4001};
  report.udp = true;
  report.mapped = Endpoint{IpAddress::v4({81, 2, 2, 2}), ports.front()};
  report.mapping = mapping;
  report.filtering = filtering;
  report.ports = std::move(ports);
  return report;
}

const std::vector<OwnAddress> kHome{
    {address("/ip4/81.2.2.2/udp/4001/quic-v1"), OwnSource::kStun},
    {address("/ip4/81.2.2.2/tcp/4001"), OwnSource::kObserved},
    {address("/ip4/192.168.1.2/udp/4001/quic-v1"), OwnSource::kInterface},
    {address("/ip4/127.0.0.1/tcp/4001"), OwnSource::kInterface},
};

}  // namespace

TEST_CASE(
    "a home tells its mapped addresses, and keeps the private ones for "
    "those beside it") {
  const std::vector reports{
      report(Behavior::kEndpointIndependent, Behavior::kAddressAndPortDependent, {4001, 4001})};
  const NatPosition position = own_position(reports, kHome, false);
  CHECK(position.udp);
  CHECK(position.mapping == NatMapping::kEndpointIndependent);
  CHECK(position.filtering == NatFiltering::kAddressAndPort);
  CHECK_FALSE(position.is_hard());
  CHECK(position.addresses == std::vector{kHome[0].address, kHome[1].address});
  CHECK(position.local == std::vector{kHome[2].address});
  CHECK(position.outside == std::vector{IpAddress::v4({81, 2, 2, 2})});
}

TEST_CASE("a hard NAT, with and without order in its ports") {
  const auto dependent = Behavior::kAddressAndPortDependent;
  const std::vector counting{report(dependent, dependent, {20'000, 20'001, 20'002})};
  CHECK(own_position(counting, kHome, false).is_hard());
  CHECK(own_position(counting, kHome, false).ports == NatPorts::kSequential);
  const std::vector random{report(dependent, dependent, {20'000, 51'234, 3'211})};
  CHECK(own_position(random, kHome, false).ports == NatPorts::kRandom);
}

TEST_CASE("UDP counts as blocked when servers were asked and none answered") {
  CHECK(own_position({}, kHome, false).udp);
  stun::NatReport silent;
  const std::vector reports{silent};
  CHECK_FALSE(own_position(reports, kHome, false).udp);
}

TEST_CASE("who listens for TCP only stands where TCP says") {
  const std::vector<OwnAddress> own{{address("/ip4/192.168.1.2/tcp/4001"), OwnSource::kInterface}};
  const IpAddress outside = IpAddress::v4({81, 2, 2, 2});
  CHECK(own_position({}, own, false).mapping == NatMapping::kUnknown);
  for (const bool dependent : {false, true}) {
    const NatPosition position = own_position({}, own, false, {dependent, {outside}});
    CHECK_FALSE(position.udp);
    CHECK(position.is_hard() == dependent);
    CHECK(position.outside == std::vector{outside});
  }
  // Where UDP works, it is what counts.
  CHECK_FALSE(own_position({}, kHome, false, {true, {outside}}).is_hard());
  const std::vector silent{stun::NatReport{}};
  CHECK(own_position(silent, kHome, false, {true, {outside}}).is_hard());
}

TEST_CASE("what one peer sees is told where nothing better is known") {
  const std::vector seen{address("/ip4/81.2.2.2/tcp/20000"), address("/ip4/81.2.2.2/tcp/31234"),
                         address("/ip4/81.2.2.2/udp/4001/quic-v1")};
  NatPosition known = own_position({}, kHome, false);
  add_tentative(known, seen);
  CHECK(known.addresses == std::vector{kHome[0].address, kHome[1].address});
  NatPosition unknown = own_position({}, std::span(kHome).last(2), false);
  add_tentative(unknown, seen);
  CHECK(unknown.addresses == std::vector{seen[0], seen[2]});
  CHECK(unknown.outside == std::vector{IpAddress::v4({81, 2, 2, 2})});
  NatPosition hard = own_position({}, std::span(kHome).last(2), false);
  hard.mapping = NatMapping::kDependent;
  add_tentative(hard, seen);
  CHECK(hard.addresses == std::vector{seen[0]});
}

TEST_CASE("circuits are not told, and in a private network private addresses are") {
  std::vector<OwnAddress> own = kHome;
  own.push_back({address("/ip4/44.1.1.1/tcp/4001/p2p/"
                         "12D3KooWPjceQrSwdWXPyLLeABRXmuqt69Rg3sBYbU1Nft9HyQ6X/"
                         "p2p-circuit"),
                 OwnSource::kInterface});
  CHECK(own_position({}, own, false).addresses.size() == 2);
  CHECK(own_position({}, own, true).addresses.size() == 4);
}

}  // namespace warren
