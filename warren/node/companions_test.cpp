#include "warren/node/companions.hpp"

#include <doctest/doctest.h>

#include "warren/core/test_values.hpp"

using namespace warren;
using testing::keyless_peer;

namespace {

constexpr Instant kMetAt = Instant{} + 1h;
const PeerId kFirst = keyless_peer(1);
const PeerId kSecond = keyless_peer(2);

}  // namespace

TEST_CASE("a partner whose path fell silent is dialed at once, whoever had dialed") {
  Companions companions;
  companions.met(kFirst, Tie::kPartner, kMetAt);
  companions.met(kSecond, Tie::kDialed, kMetAt);
  companions.used(kSecond, kMetAt);
  CHECK(companions.begin(kMetAt + 1min) == std::vector<PeerId>());
  companions.lost(kFirst, true, kMetAt + 1min);
  companions.lost(kSecond, true, kMetAt + 1min);
  CHECK(companions.next() == kMetAt + 1min);
  CHECK(companions.begin(kMetAt + 1min).size() == 2);
  CHECK(companions.begin(kMetAt + 1min) == std::vector<PeerId>());
}

TEST_CASE("who says goodbye, and strangers who fall silent, are left in peace") {
  Companions companions;
  companions.met(kFirst, Tie::kPartner, kMetAt);
  companions.lost(kFirst, false, kMetAt + 1min);
  companions.met(kSecond, Tie::kDialedUs, kMetAt);
  companions.lost(kSecond, true, kMetAt + 1min);
  CHECK(companions.next() == Instant::max());
  companions.lost(keyless_peer(3), true, kMetAt);  // never met
  CHECK(companions.next() == Instant::max());
}

TEST_CASE("after a change of our network everybody is dialed who is lost by it, or was lost lately") {
  Companions companions;
  companions.met(kFirst, Tie::kDialed, kMetAt);
  companions.met(kSecond, Tie::kDialedUs, kMetAt);
  companions.met(keyless_peer(3), Tie::kDialed, kMetAt - 1h);
  companions.lost(keyless_peer(3), true, kMetAt - 11min);
  companions.lost(kFirst, true, kMetAt);
  CHECK(companions.begin(kMetAt) == std::vector<PeerId>());
  companions.unrest(kMetAt + 1s);
  CHECK(companions.begin(kMetAt + 1s) == std::vector{kFirst});
  companions.lost(kSecond, false, kMetAt + 2s);
  CHECK(companions.begin(kMetAt + 2s) == std::vector{kSecond});
}

TEST_CASE("partners go first, then those who had dialed us, each the latest first, and not more than some") {
  Companions companions;
  for (std::uint16_t i = 1; i <= 10; ++i) companions.met(keyless_peer(i), Tie::kDialed, kMetAt + i * 1s);
  for (std::uint16_t i = 11; i <= 20; ++i) companions.met(keyless_peer(i), Tie::kDialedUs, kMetAt + i * 1s);
  companions.met(kFirst, Tie::kPartner, kMetAt + 1s);
  const Instant then = kMetAt + 1min;
  companions.unrest(then);
  for (std::uint16_t i = 1; i <= 20; ++i) companions.lost(keyless_peer(i), true, then);
  const auto begun = companions.begin(then);
  REQUIRE(begun.size() == Companions::kRedialsMax);
  CHECK(begun[0] == kFirst);
  CHECK(begun[1] == keyless_peer(20));
  CHECK(begun[10] == keyless_peer(11));
  CHECK(begun[11] == keyless_peer(10));
  // The others are not made up for later: after half a minute they have found us by themselves.
  for (const PeerId& each : begun) companions.met(each, Tie::kDialed, then);
  for (const PeerId& each : begun) companions.ended(each, then);
  CHECK(companions.next() == Instant::max());
}

TEST_CASE("who is not reached is dialed again for half a minute, and after the next change") {
  Companions companions;
  companions.met(kFirst, Tie::kPartner, kMetAt);
  Instant now = kMetAt + 1min;
  companions.lost(kFirst, true, now);
  int tries = 0;
  while (companions.next() != Instant::max()) {
    now = companions.next();
    REQUIRE(companions.begin(now) == std::vector{kFirst});
    companions.ended(kFirst, now);
    ++tries;
  }
  CHECK(tries == 6);
  CHECK(now - kMetAt - 1min == 31s);
  companions.unrest(now + 1min);
  CHECK(companions.begin(now + 1min) == std::vector{kFirst});
  // Another change while it is dialed: that dial may be in vain.
  companions.unrest(now + 2min);
  CHECK(companions.begin(now + 2min) == std::vector<PeerId>());
  companions.ended(kFirst, now + 2min);
  CHECK(companions.begin(now + 2min) == std::vector{kFirst});
  companions.met(kFirst, Tie::kDialed, now + 2min);
  companions.ended(kFirst, now + 2min);
  CHECK(companions.next() == Instant::max());
  CHECK(companions.tie(kFirst) == Tie::kPartner);
}

TEST_CASE("who comes back and is lost again and again is dialed less and less, and then not any more") {
  Companions companions;
  companions.met(kFirst, Tie::kPartner, kMetAt);
  Instant now = kMetAt + 1min;
  companions.lost(kFirst, true, now);
  int tries = 0;
  while (companions.next() != Instant::max() && tries < 100) {
    now = companions.next();
    companions.begin(now);
    companions.met(kFirst, Tie::kPartner, now);
    companions.ended(kFirst, now);
    companions.lost(kFirst, true, now);
    ++tries;
  }
  CHECK(tries == 6);
  // Once it has stayed for a while, it is as good as before.
  companions.met(kFirst, Tie::kPartner, now);
  companions.lost(kFirst, true, now + Companions::kStable);
  CHECK(companions.next() == now + Companions::kStable);
}

TEST_CASE("the least of ties is forgotten first") {
  Companions companions;
  companions.met(kFirst, Tie::kPartner, kMetAt);
  for (std::uint16_t i = 10; i < 200; ++i) companions.met(keyless_peer(i), Tie::kDialedUs, kMetAt + i * 1s);
  CHECK(companions.size() == Companions::kPeersMax);
  CHECK(companions.tie(kFirst) == Tie::kPartner);
  CHECK(companions.tie(keyless_peer(10)) == Tie::kDialed);
  CHECK(companions.tie(keyless_peer(199)) == Tie::kDialedUs);
}
