#include "warren/core/address_reach.hpp"

#include <doctest/doctest.h>

#include "warren/core/test_connection.hpp"

using namespace warren;
using namespace warren::testing;
using enum AddressScope;

namespace {

AddressScope distance(std::string_view remote) {
  return distance_to(StubConnection(peer_of(1), key_of(1).public_key(), address(remote)));
}

}  // namespace

TEST_CASE("how near somebody is") {
  CHECK(distance("/ip4/127.0.0.1/tcp/1") == kLoopback);
  CHECK(distance("/ip6/fd00::1/udp/1/quic-v1") == kPrivate);
  CHECK(distance("/ip4/203.0.113.1/tcp/1") == kPublic);
  CHECK(distance("/ip4/0.0.0.0/tcp/1") == kPublic);
  CHECK(distance("/dns4/example.org/tcp/1") == kPublic);
}

TEST_CASE("who is near can use more addresses") {
  for (const AddressScope from : {kLoopback, kPrivate, kPublic}) {
    CHECK(is_usable(kPublic, from));
    CHECK(is_usable(kPrivate, from) == (from != kPublic));
    CHECK(is_usable(kLoopback, from) == (from == kLoopback));
    CHECK_FALSE(is_usable(kUndialable, from));
  }
}
