#include "warren/messaging/peer_buckets.hpp"

#include <doctest/doctest.h>

#include "warren/messaging/peer_quota.hpp"

namespace warren {
namespace {

PeerId some_peer(std::uint8_t number) {
  Bytes multihash = {0x12, 0x20};
  multihash.resize(34, number);
  return value_or_throw(PeerId::from_bytes(multihash));
}

TEST_CASE("one peer's rate is not another's, and idle peers are forgotten") {
  const Instant start{};
  PeerBuckets buckets(10, 1, 2);
  CHECK(buckets.take(some_peer(1), start));
  CHECK_FALSE(buckets.take(some_peer(1), start));
  CHECK(buckets.take(some_peer(2), start));
  CHECK_FALSE(buckets.take(some_peer(3), start));
  CHECK(buckets.take(some_peer(3), start + 1s));
  CHECK(buckets.size() == 1);
}

TEST_CASE("a quota holds for each peer and for all") {
  PeerQuota quota(10, 15);
  {
    PeerQuota::Lease first(quota, some_peer(1));
    CHECK(first.take(6));
    PeerQuota::Lease second(quota, some_peer(1));
    CHECK_FALSE(second.take(5));
    CHECK(second.take(4));
    PeerQuota::Lease third(quota, some_peer(2));
    CHECK_FALSE(third.take(6));
    CHECK(third.take(5));
    CHECK_FALSE(third.take(static_cast<std::size_t>(-1)));
    CHECK(quota.used() == 15);
    const PeerQuota::Lease moved = std::move(third);
    CHECK(quota.used_by(some_peer(2)) == 5);
  }
  CHECK(quota.used() == 0);
  CHECK(quota.used_by(some_peer(1)) == 0);
}

}  // namespace
}  // namespace warren
