#include "warren/protocols/stun/behavior.hpp"

#include <doctest/doctest.h>

using namespace warren;
using namespace warren::stun;

namespace {

Endpoint host(std::uint8_t number, std::uint16_t port) {
  return {IpAddress::v4({192, 0, 2, number}), port};
}

}  // namespace

TEST_CASE("the mapping follows from two servers, and their ports") {
  using enum Behavior;
  const Endpoint a = host(100, 1000), b = host(100, 1001), c = host(100, 1002);
  struct Row {
    std::vector<Observation> observations;
    Behavior expected;
  };
  const std::vector<Row> rows{
      {{}, kUnknown},
      {{{host(1, 1), a}}, kUnknown},
      {{{host(1, 1), a}, {host(1, 1), b}}, kUnknown},  // the same one, later
      {{{host(1, 1), a}, {host(2, 1), a}}, kEndpointIndependent},
      {{{host(1, 1), a}, {host(2, 2), a}}, kEndpointIndependent},
      // One server with two ports: only the worst shows.
      {{{host(1, 1), a}, {host(1, 2), a}}, kUnknown},
      {{{host(1, 1), a}, {host(1, 2), b}}, kAddressAndPortDependent},
      {{{host(1, 1), a}, {host(1, 2), a}, {host(2, 1), b}}, kAddressDependent},
      {{{host(1, 1), a}, {host(1, 2), b}, {host(2, 1), c}}, kAddressAndPortDependent},
      // Not independent, and nothing to tell by which it is.
      {{{host(1, 1), a}, {host(2, 1), b}}, kAddressAndPortDependent},
      // Another outside address is another mapping.
      {{{host(1, 1), a}, {host(2, 1), host(101, 1000)}}, kAddressAndPortDependent},
  };
  for (std::size_t row = 0; row < rows.size(); ++row) {
    CAPTURE(row);
    CHECK(mapping_of(rows[row].observations) == rows[row].expected);
  }
}

TEST_CASE("the filtering follows from what came in") {
  using enum Behavior;
  CHECK(filtering_of({}) == kUnknown);
  CHECK(filtering_of({.from_other_address = true}) == kEndpointIndependent);
  CHECK(filtering_of({.from_other_address = true, .from_other_port = true}) == kEndpointIndependent);
  CHECK(filtering_of({.from_other_address = false, .from_other_port = true}) == kAddressDependent);
  CHECK(filtering_of({.from_other_address = false, .from_other_port = false}) == kAddressAndPortDependent);
  CHECK(filtering_of({.from_other_address = false}) == kAddressAndPortDependent);
  CHECK(filtering_of({.from_other_port = false}) == kAddressAndPortDependent);
  CHECK(filtering_of({.from_other_port = true}) == kUnknown);
}

TEST_CASE("behaviours have their RFC names") {
  CHECK(to_string(Behavior::kUnknown) == "unknown");
  CHECK(to_string(Behavior::kEndpointIndependent) == "endpoint-independent");
  CHECK(to_string(Behavior::kAddressDependent) == "address-dependent");
  CHECK(to_string(Behavior::kAddressAndPortDependent) == "address-and-port-dependent");
}
