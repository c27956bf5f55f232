#include "warren/swarm/dial_backoff.hpp"

#include <doctest/doctest.h>

#include <string>

#include "warren/swarm/test_addresses.hpp"

using namespace warren;

namespace {

const PeerId kAlicesId = *PeerId::parse("12D3KooWK99VoVxNE7XzyBwXEzW7xhK7Gpv85r9F3V3fyKSUKPH5");
const PeerId kBobsId = *PeerId::parse("QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N");

Multiaddr at_port(std::size_t port) {
  return value_or_throw(Multiaddr::parse("/ip4/192.0.2.1/tcp/" + std::to_string(port)));
}

}  // namespace

TEST_CASE("an port that failed waits 5 s, then the square of its failures longer, at most 5 minutes") {
  DialBackoff backoff;
  Instant now{1h};
  CHECK(backoff.allows(kAlicesId, at_port(1), now));
  for (const Duration wait : {5s, 6s, 9s, 14s, 21s, 30s}) {
    backoff.add_failure(kAlicesId, at_port(1), now);
    CHECK(backoff.until(kAlicesId, at_port(1)) == now + wait);
    CHECK_FALSE(backoff.allows(kAlicesId, at_port(1), now + wait - 1ns));
    now += wait;
    CHECK(backoff.allows(kAlicesId, at_port(1), now));
  }
  for (int i = 0; i < 100; ++i) {
    backoff.add_failure(kAlicesId, at_port(1), now);
    now = backoff.until(kAlicesId, at_port(1));
  }
  backoff.add_failure(kAlicesId, at_port(1), now);
  CHECK(backoff.until(kAlicesId, at_port(1)) == now + 5min);
}

TEST_CASE("failures are those of one peer at one address") {
  DialBackoff backoff;
  backoff.add_failure(kAlicesId, at_port(1), Instant{});
  CHECK_FALSE(backoff.allows(kAlicesId, at_port(1), Instant{1s}));
  CHECK(backoff.allows(kAlicesId, at_port(2), Instant{1s}));
  CHECK(backoff.allows(kBobsId, at_port(1), Instant{1s}));
}

TEST_CASE("success forgives a peer all its addresses, and a new network all peers") {
  DialBackoff backoff;
  for (const std::size_t port : {1, 2}) backoff.add_failure(kAlicesId, at_port(port), Instant{});
  backoff.add_failure(kBobsId, at_port(1), Instant{});
  backoff.clear(kAlicesId);
  CHECK(backoff.size() == 1);
  CHECK(backoff.allows(kAlicesId, at_port(1), Instant{}));
  CHECK_FALSE(backoff.allows(kBobsId, at_port(1), Instant{}));
  backoff.clear(kAlicesId);  // once more is no harm

  backoff.add_failure(kAlicesId, at_port(1), Instant{});
  CHECK(backoff.until(kAlicesId, at_port(1)) == Instant{5s});  // counted anew
  backoff.clear();
  CHECK(backoff.size() == 0);
  CHECK(backoff.allows(kBobsId, at_port(1), Instant{}));
}

TEST_CASE("old failures do not count") {
  DialBackoff backoff;
  backoff.add_failure(kAlicesId, at_port(1), Instant{});
  backoff.add_failure(kAlicesId, at_port(1), Instant{10s});
  CHECK(backoff.until(kAlicesId, at_port(1)) == Instant{15s});
  backoff.add_failure(kAlicesId, at_port(1), Instant{19s});
  CHECK(backoff.until(kAlicesId, at_port(1)) == Instant{25s});
}

TEST_CASE("what is remembered is bounded, for all and for each peer, and the oldest goes first") {
  DialBackoff backoff;
  const Instant now{};
  for (std::size_t port = 1; port <= 1000; ++port)
    backoff.add_failure(kAlicesId, at_port(port), now + Duration(port));
  CHECK(backoff.size() == DialBackoff::kEntriesPerPeerMax);
  CHECK(backoff.allows(kAlicesId, at_port(1), now + 1s));
  CHECK_FALSE(backoff.allows(kAlicesId, at_port(1000), now + 1s));

  for (std::size_t n = 0; n < 2 * DialBackoff::kEntriesMax; ++n)
    backoff.add_failure(keyless_peer(n), at_port(1), now + 1ms + Duration(n));
  CHECK(backoff.size() == DialBackoff::kEntriesMax);
  CHECK(backoff.allows(kAlicesId, at_port(1000), now + 1s));
  CHECK(backoff.allows(keyless_peer(0), at_port(1), now + 1s));
  CHECK_FALSE(backoff.allows(keyless_peer(2 * DialBackoff::kEntriesMax - 1), at_port(1), now + 1s));
}

TEST_CASE("expired failures make room by themselves") {
  DialBackoff backoff;
  for (std::size_t n = 0; n < 100; ++n) backoff.add_failure(keyless_peer(n), at_port(1), Instant{});
  backoff.add_failure(kAlicesId, at_port(1), Instant{1min});
  CHECK(backoff.size() == 1);
}
