#include "warren/node/companions.hpp"

#include <doctest/doctest.h>

#include "warren/base/error.hpp"

using namespace warren;

namespace {

PeerId peer(std::uint16_t number) {
  Bytes multihash = {0x12, 0x20};
  multihash.resize(34);
  multihash[2] = static_cast<std::uint8_t>(number >> 8);
  multihash[3] = static_cast<std::uint8_t>(number);
  return value_or_throw(PeerId::from_bytes(multihash));
}

constexpr Instant kNow = Instant{} + 1h;
const PeerId kAlice = peer(1);
const PeerId kBob = peer(2);
const std::vector<PeerId> kNobody;

}  // namespace

TEST_CASE("a partner whose path fell silent is dialed at once, whoever had dialed") {
  Companions companions;
  companions.met(kAlice, Tie::kPartner, kNow);
  companions.met(kBob, Tie::kDialed, kNow);
  companions.used(kBob, kNow);
  CHECK(companions.begin(kNow + 1min) == kNobody);
  companions.lost(kAlice, true, kNow + 1min);
  companions.lost(kBob, true, kNow + 1min);
  CHECK(companions.next() == kNow + 1min);
  CHECK(companions.begin(kNow + 1min).size() == 2);
  CHECK(companions.begin(kNow + 1min) == kNobody);
}

TEST_CASE("who says goodbye, and strangers who fall silent, are left in peace") {
  Companions companions;
  companions.met(kAlice, Tie::kPartner, kNow);
  companions.lost(kAlice, false, kNow + 1min);
  companions.met(kBob, Tie::kDialedUs, kNow);
  companions.lost(kBob, true, kNow + 1min);
  CHECK(companions.next() == Instant::max());
  companions.lost(peer(3), true, kNow);  // never met
  CHECK(companions.next() == Instant::max());
}

TEST_CASE("after a change of our network everybody is dialed who is lost by it, or was lost lately") {
  Companions companions;
  companions.met(kAlice, Tie::kDialed, kNow);
  companions.met(kBob, Tie::kDialedUs, kNow);
  companions.met(peer(3), Tie::kDialed, kNow - 1h);
  companions.lost(peer(3), true, kNow - 11min);
  companions.lost(kAlice, true, kNow);
  CHECK(companions.begin(kNow) == kNobody);
  companions.unrest(kNow + 1s);
  CHECK(companions.begin(kNow + 1s) == std::vector{kAlice});
  companions.lost(kBob, false, kNow + 2s);
  CHECK(companions.begin(kNow + 2s) == std::vector{kBob});
}

TEST_CASE("partners go first, then those who had dialed us, each the latest first, and not more than some") {
  Companions companions;
  for (std::uint16_t i = 1; i <= 10; ++i) companions.met(peer(i), Tie::kDialed, kNow + i * 1s);
  for (std::uint16_t i = 11; i <= 20; ++i) companions.met(peer(i), Tie::kDialedUs, kNow + i * 1s);
  companions.met(kAlice, Tie::kPartner, kNow + 1s);
  const Instant then = kNow + 1min;
  companions.unrest(then);
  for (std::uint16_t i = 1; i <= 20; ++i) companions.lost(peer(i), true, then);
  const auto begun = companions.begin(then);
  REQUIRE(begun.size() == Companions::kRedialsMax);
  CHECK(begun[0] == kAlice);
  CHECK(begun[1] == peer(20));
  CHECK(begun[10] == peer(11));
  CHECK(begun[11] == peer(10));
  // The others are not made up for later: after half a minute they have found us by themselves.
  for (const PeerId& each : begun) companions.met(each, Tie::kDialed, then);
  for (const PeerId& each : begun) companions.ended(each, then);
  CHECK(companions.next() == Instant::max());
}

TEST_CASE("who is not reached is dialed again for half a minute, and after the next change") {
  Companions companions;
  companions.met(kAlice, Tie::kPartner, kNow);
  Instant now = kNow + 1min;
  companions.lost(kAlice, true, now);
  int tries = 0;
  while (companions.next() != Instant::max()) {
    now = companions.next();
    REQUIRE(companions.begin(now) == std::vector{kAlice});
    companions.ended(kAlice, now);
    ++tries;
  }
  CHECK(tries == 6);
  CHECK(now - kNow - 1min == 31s);
  companions.unrest(now + 1min);
  CHECK(companions.begin(now + 1min) == std::vector{kAlice});
  // Another change while it is dialed: that dial may be in vain.
  companions.unrest(now + 2min);
  CHECK(companions.begin(now + 2min) == kNobody);
  companions.ended(kAlice, now + 2min);
  CHECK(companions.begin(now + 2min) == std::vector{kAlice});
  companions.met(kAlice, Tie::kDialed, now + 2min);
  companions.ended(kAlice, now + 2min);
  CHECK(companions.next() == Instant::max());
  CHECK(companions.tie(kAlice) == Tie::kPartner);
}

TEST_CASE("who comes back and is lost again and again is dialed less and less, and then not any more") {
  Companions companions;
  companions.met(kAlice, Tie::kPartner, kNow);
  Instant now = kNow + 1min;
  companions.lost(kAlice, true, now);
  int tries = 0;
  while (companions.next() != Instant::max() && tries < 100) {
    now = companions.next();
    companions.begin(now);
    companions.met(kAlice, Tie::kPartner, now);
    companions.ended(kAlice, now);
    companions.lost(kAlice, true, now);
    ++tries;
  }
  CHECK(tries == 6);
  // Once it has stayed for a while, it is as good as before.
  companions.met(kAlice, Tie::kPartner, now);
  companions.lost(kAlice, true, now + Companions::kStable);
  CHECK(companions.next() == now + Companions::kStable);
}

TEST_CASE("the least of ties is forgotten first") {
  Companions companions;
  companions.met(kAlice, Tie::kPartner, kNow);
  for (std::uint16_t i = 10; i < 200; ++i) companions.met(peer(i), Tie::kDialedUs, kNow + i * 1s);
  CHECK(companions.size() == Companions::kPeersMax);
  CHECK(companions.tie(kAlice) == Tie::kPartner);
  CHECK(companions.tie(peer(10)) == Tie::kDialed);
  CHECK(companions.tie(peer(199)) == Tie::kDialedUs);
}
