#include "warren/protocols/kad/routing/diversity.hpp"

#include <doctest/doctest.h>

using namespace warren;
using namespace warren::kad;

namespace {

IpGroups groups(std::initializer_list<std::string_view> texts) {
  std::vector<Multiaddr> addresses;
  for (const std::string_view text : texts) addresses.push_back(value_or_throw(Multiaddr::parse(text)));
  return IpGroups::of(addresses);
}

}  // namespace

TEST_CASE("peers of one /16, or of one IPv6 /32, are alike") {
  GroupCount count;
  CHECK(count.take(groups({"/ip4/198.51.1.1/tcp/1"}), 2));
  CHECK(count.take(groups({"/ip4/198.51.255.1/udp/1/quic-v1", "/ip4/198.51.7.7/tcp/1"}), 2));
  CHECK_FALSE(count.take(groups({"/ip4/198.51.3.3/tcp/1"}), 2));
  CHECK_FALSE(count.take(groups({"/ip4/192.0.2.1/tcp/1", "/ip4/198.51.3.3/tcp/1"}), 2));
  CHECK(count.take(groups({"/ip4/192.0.2.1/tcp/1"}), 2));
  CHECK(count.take(groups({"/ip6/2001:db8:1::1/tcp/1"}), 1));
  CHECK_FALSE(count.take(groups({"/ip6/2001:db8:ffff::1/tcp/1"}), 1));
  CHECK(count.take(groups({"/ip6/2001:db9::1/tcp/1"}), 1));
}

TEST_CASE("a refused peer is not counted, and no limit is no limit") {
  GroupCount count;
  CHECK(count.take(groups({"/ip4/198.51.1.1/tcp/1"}), 1));
  CHECK_FALSE(count.take(groups({"/ip4/192.0.2.1/tcp/1", "/ip4/198.51.1.2/tcp/1"}), 1));
  CHECK(count.take(groups({"/ip4/192.0.2.1/tcp/1"}), 1));
  for (int i = 0; i < 10; ++i) CHECK(count.take(groups({"/ip4/198.51.1.1/tcp/1"}), 0));
}

TEST_CASE("private and loopback addresses and names are exempt") {
  CHECK(groups({"/ip4/10.0.0.1/tcp/1", "/ip4/192.168.1.1/tcp/1", "/ip4/127.0.0.1/tcp/1", "/ip6/::1/tcp/1",
                "/ip6/fd00::1/tcp/1", "/dns4/example.com/tcp/1", "/memory/7"})
            .empty());
  CHECK(groups({}).empty());
}

TEST_CASE("of a peer with addresses everywhere the first few blocks count") {
  std::vector<IpAddress> addresses;
  for (std::uint8_t i = 1; i < 100; ++i) addresses.push_back(IpAddress::v4({198, i, 0, 1}));
  CHECK(IpGroups::of(addresses).all().size() == IpGroups::kMax);
}
