// One reservation, and all of them together, as pure state.
#include "warren/protocols/relay/reservation.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "warren/base/error.hpp"
#include "warren/core/test_values.hpp"
#include "warren/protocols/relay/clock_watch.hpp"
#include "warren/protocols/relay/roster.hpp"

using namespace warren;
using namespace warren::relay;
using namespace warren::testing;
using State = ReservationState;

namespace {

constexpr Instant kStart = Instant(1000s);

Grant grant(Instant now, Duration life = 1h) {
  return {.expires = now + life, .limits = {}, .addresses = {}};
}

ReservationLife held(Instant now) {
  ReservationLife life(peer_of(1), false, now);
  life.begin(now);
  life.granted(grant(now), now);
  return life;
}

// In a network of its own, unless one is given.
PeerInfo relay_at(std::uint8_t number, std::uint8_t network = 0) {
  const std::string text = "/ip4/203." + std::to_string(network == 0 ? number : network) + ".0." +
                           std::to_string(number) + "/tcp/4001";
  return {peer_of(number), {address(text)}};
}

std::vector<PeerId> ids(const std::vector<PeerInfo>& infos) {
  std::vector<PeerId> ids;
  for (const PeerInfo& info : infos) ids.push_back(info.id);
  std::ranges::sort(ids);
  return ids;
}

bool is_among(const std::vector<PeerInfo>& infos, std::uint8_t number) {
  return std::ranges::find(infos, peer_of(number), &PeerInfo::id) != infos.end();
}

}  // namespace

TEST_CASE("a reservation is asked for at once, and renewed at half time") {
  ReservationLife life(peer_of(1), false, kStart);
  CHECK(life.state() == State::kWanted);
  CHECK(life.due() == kStart);
  life.begin(kStart);
  CHECK(life.state() == State::kReserving);
  CHECK(life.due() == Instant::max());
  life.granted(grant(kStart), kStart + 1s);
  CHECK(life.state() == State::kHeld);
  CHECK(life.is_held(kStart + 1s));
  const Instant half = kStart + 1s + Duration(1h - 1s) / 2;
  CHECK(life.due() == half);
  life.begin(half);
  CHECK(life.state() == State::kRenewing);
  CHECK(life.is_held(half));
  life.granted(grant(half), half);
  CHECK(life.due() == half + 30min);
  CHECK(life.status(half).held_since == kStart + 1s);
}

TEST_CASE("failures wait from one second to sixty, with jitter, and never end") {
  ReservationLife life(peer_of(1), false, kStart);
  Instant now = kStart;
  std::vector<Duration> waits;
  for (int i = 0; i < 12; ++i) {
    life.begin(now);
    life.failed(make_error_code(Errc::kRelayFull), now, i == 11 ? 1 : 0);
    CHECK(life.state() == State::kBackoff);
    CHECK(life.status(now).next_try == life.due());
    CHECK(life.status(now).error == Errc::kRelayFull);
    waits.push_back(life.due() - now);
    now = life.due();
  }
  CHECK(waits.front() == 1s);
  CHECK(waits[1] == 2s);
  CHECK(waits[10] == 60s);
  CHECK(waits[11] == 45s);  // a quarter less
  life.begin(now);
  life.failed(make_error_code(Errc::kRelayFull), now, 0, 15s);
  CHECK(life.due() == now + 15s);
  life.hope(now + 1s);
  CHECK(life.due() == now + 1s);
}

TEST_CASE("a renewal that fails leaves what is held until it expires") {
  ReservationLife life = held(kStart);
  Instant now = life.due();
  life.begin(now);
  life.failed(make_error_code(Errc::kTimedOut), now, 0);
  CHECK(life.state() == State::kHeld);
  CHECK(life.due() == now + 1s);
  CHECK(life.is_held(now));
  const Instant end = kStart + 1h;
  CHECK_FALSE(life.is_held(end));
  life.tick(end);
  CHECK(life.state() == State::kWanted);
  CHECK(life.due() == end);
  CHECK(life.missed_since() == end);
}

TEST_CASE("a lost connection is made anew at once, unless it lasted for a moment only") {
  ReservationLife life = held(kStart);
  life.lost(kStart + 1min, 0);
  CHECK(life.state() == State::kWanted);
  CHECK(life.due() == kStart + 1min);
  ReservationLife flapping = held(kStart);
  flapping.lost(kStart + 1s, 0);
  CHECK(flapping.state() == State::kBackoff);
  CHECK(flapping.due() == kStart + 2s);
  flapping.begin(flapping.due());
  flapping.granted(grant(kStart + 2s), kStart + 2s);
  flapping.lost(kStart + 3s, 0);
  CHECK(flapping.due() == kStart + 5s);
}

TEST_CASE("what is lost while it is renewed is not held, and asked for again at once") {
  ReservationLife life = held(kStart);
  const Instant now = life.due();
  life.begin(now);
  life.lost(now + 1s, 0);
  CHECK_FALSE(life.is_held(now + 1s));
  CHECK(life.missed_since() == now + 1s);
  SUBCASE("the try fails with the connection") {
    life.failed(make_error_code(Errc::kReset), now + 2s, 0);
    CHECK(life.due() == now + 2s);
    CHECK_FALSE(life.is_held(now + 2s));
  }
  SUBCASE("or reaches the relay over another one") {
    life.granted(grant(now), now + 2s);
    CHECK(life.is_held(now + 2s));
    CHECK(life.status(now + 2s).held_since == now + 2s);
  }
}

TEST_CASE("a forged voucher ends what was held") {
  ReservationLife life = held(kStart);
  const Instant now = life.due();
  life.begin(now);
  life.failed(make_error_code(Errc::kBadSignature), now, 0);
  CHECK(life.state() == State::kBackoff);
  CHECK_FALSE(life.is_held(now));
}

TEST_CASE("doubts are resolved at the relay") {
  ReservationLife life = held(kStart);
  life.doubt(kStart + 5s);
  CHECK(life.due() == kStart + 5s);
  CHECK(life.is_held(kStart + 5s));
  ClockWatch watch;
  const WallTime wall = from_unix_ms(1'767'225'600'000);
  CHECK_FALSE(watch.jumped(kStart, wall));
  CHECK_FALSE(watch.jumped(kStart + 10s, wall + std::chrono::milliseconds(10'300)));
  CHECK(watch.jumped(kStart + 20s, wall + std::chrono::hours(1)));  // it slept
  CHECK_FALSE(watch.jumped(kStart + 30s, wall + std::chrono::hours(1) + std::chrono::seconds(10)));
  CHECK(watch.jumped(kStart + 40s, wall));
}

// --- the roster ---

TEST_CASE("three relays are asked at once, in different networks") {
  Roster roster({}, 3);
  for (const std::uint8_t n : {1, 2, 3, 4, 5}) roster.offer(relay_at(n, n <= 3 ? 7 : n), {}, kStart);
  CHECK(roster.begin(kStart).empty());  // nobody wants it
  roster.want(true, kStart);
  const auto begun = roster.begin(kStart);
  CHECK(begun.size() == 3);
  CHECK(is_among(begun, 4));
  CHECK(is_among(begun, 5));
  CHECK(roster.begin(kStart).empty());
  for (const PeerInfo& relay : begun) roster.granted(relay.id, grant(kStart), kStart);
  CHECK(roster.held(kStart) == 3);
  CHECK(roster.begin(kStart).empty());
  CHECK(roster.next(kStart) == kStart + 30min);
  CHECK_FALSE(roster.is_hungry(kStart));
  CHECK(roster.begin(kStart + 30min).size() == 3);  // renewed
}

TEST_CASE("relays of one network make room for one elsewhere that is found later") {
  Roster roster({}, 2);
  for (const std::uint8_t n : {1, 2}) roster.offer(relay_at(n, 7), {}, kStart);
  roster.want(true, kStart);
  for (const PeerInfo& relay : roster.begin(kStart)) roster.granted(relay.id, grant(kStart), kStart);
  CHECK(roster.lacks_diversity(kStart));
  CHECK(roster.begin(kStart + 1s).empty());
  roster.offer(relay_at(3, 7), {}, kStart);
  CHECK(roster.begin(kStart + 2s).empty());
  roster.offer(relay_at(4), {}, kStart);
  CHECK(ids(roster.begin(kStart + 3s)) == std::vector{peer_of(4)});
  roster.granted(peer_of(4), grant(kStart), kStart + 3s);
  roster.begin(kStart + 3s + kSurplusTime);
  CHECK(roster.held(kStart + 2min) == 2);
  CHECK_FALSE(roster.lacks_diversity(kStart + 2min));
  CHECK(roster.statuses(kStart + 2min).back().relay == peer_of(4));
}

TEST_CASE("near relays go first, those that failed last") {
  Roster roster({}, 1);
  for (const std::uint8_t n : {1, 2, 3}) roster.offer(relay_at(n), {}, kStart);
  roster.ranking().note_round_trip(peer_of(1), 90ms, kStart);
  roster.ranking().note_round_trip(peer_of(2), 20ms, kStart);
  roster.ranking().note_round_trip(peer_of(3), 10ms, kStart);
  roster.ranking().note(peer_of(3), RelayRanking::Event::kFailed, kStart);
  roster.want(true, kStart);
  CHECK(ids(roster.begin(kStart)) == std::vector{peer_of(2)});
}

TEST_CASE("a slow relay is joined by another one, and what is too much is given up later") {
  Roster roster({}, 1);
  for (const std::uint8_t n : {1, 2}) roster.offer(relay_at(n), {}, kStart);
  roster.want(true, kStart);
  const auto first = roster.begin(kStart);
  REQUIRE(first.size() == 1);
  CHECK(roster.next(kStart) == kStart + kPatience);
  const auto second = roster.begin(kStart + kPatience);
  REQUIRE(second.size() == 1);
  roster.granted(first[0].id, grant(kStart), kStart + 2s);
  roster.granted(second[0].id, grant(kStart), kStart + 2s);
  CHECK(roster.held(kStart + 2s) == 2);
  const Instant later = kStart + 2s + kSurplusTime;
  CHECK(roster.next(kStart + 2s) == later);
  CHECK(ids(roster.begin(later)) == std::vector{first[0].id});  // the only one by now is renewed
  CHECK(roster.held(later) == 1);
  CHECK(roster.statuses(later).front().relay == first[0].id);
  // Others may still know the address.
  CHECK(roster.takes_circuits_from(second[0].id, later));
  CHECK_FALSE(roster.takes_circuits_from(second[0].id, later + kRetiredLife));
}

TEST_CASE("a relay that died is replaced at once, and taken back when it returns") {
  Roster roster({}, 1);
  for (const std::uint8_t n : {1, 2}) roster.offer(relay_at(n), {}, kStart);
  roster.want(true, kStart);
  const PeerId old = roster.begin(kStart).front().id;
  roster.granted(old, grant(kStart), kStart);
  Instant now = kStart + 5min;
  roster.lost(old, now, 0);
  CHECK(roster.held(now) == 0);
  CHECK(ids(roster.begin(now)) == std::vector{old});  // the same first
  roster.failed(old, make_error_code(Errc::kRefused), now, 0);
  const auto another = roster.begin(now);
  REQUIRE(another.size() == 1);
  CHECK(another[0].id != old);
  roster.granted(another[0].id, grant(now), now);
  int tries = 0;
  const auto ask_all = [&](bool is_back) {
    now = roster.next(now);
    for (const PeerInfo& relay : roster.begin(now)) {
      if (relay.id != old || is_back) {
        roster.granted(relay.id, grant(now), now);
      } else {
        ++tries;
        roster.failed(old, make_error_code(Errc::kRefused), now, 0);
      }
    }
  };
  while (now < kStart + 25min) ask_all(false);
  CHECK(tries > 20);  // all the time
  CHECK(roster.held(now) == 1);
  while (roster.held(now) == 1) ask_all(true);
  CHECK(now < kStart + 27min);
  now += kSurplusTime;
  roster.begin(now);
  CHECK(roster.held(now) == 1);
  CHECK(roster.statuses(now).front().relay == old);
}

TEST_CASE("configured relays are never given up; others that never granted anything are") {
  Roster roster({relay_at(9)}, 2);
  for (const std::uint8_t n : {1, 2, 3}) roster.offer(relay_at(n), {}, kStart);
  roster.want(true, kStart);
  CHECK(roster.begin(kStart).size() == 2);
  CHECK(roster.statuses(kStart).front().relay == peer_of(9));
  CHECK(roster.statuses(kStart).front().configured);
  Instant now = kStart;
  roster.failed(peer_of(9), make_error_code(Errc::kUnreachable), now, 0);
  for (const PeerInfo& more : roster.begin(now)) roster.granted(more.id, grant(now), now);
  for (const ReservationStatus& status : roster.statuses(now)) roster.granted(status.relay, grant(now), now);
  for (int i = 0; i < 200; ++i) {
    now = roster.next(now);
    for (const PeerInfo& relay : roster.begin(now)) {
      if (relay.id == peer_of(9)) {
        roster.failed(relay.id, make_error_code(Errc::kUnreachable), now, 0);
      } else {
        roster.granted(relay.id, grant(now), now);
      }
    }
  }
  CHECK(now > kStart + 1h);
  CHECK(roster.held(now) == 2);
  CHECK(roster.statuses(now).front().relay == peer_of(9));
  CHECK(roster.statuses(now).front().state == State::kBackoff);
  CHECK(roster.statuses(now).size() == 3);
  roster.forget(peer_of(9));
  CHECK(roster.statuses(now).size() == 3);
}

TEST_CASE("the only reservation is renewed often: nobody else would serve") {
  Roster roster({}, 2);
  roster.offer(relay_at(1), {}, kStart);
  roster.want(true, kStart);
  roster.begin(kStart);
  roster.granted(peer_of(1), grant(kStart), kStart);
  CHECK(roster.begin(kStart + 59s).empty());
  CHECK(roster.next(kStart + 59s) == kStart + kSoleRenewal);
  CHECK(ids(roster.begin(kStart + kSoleRenewal)) == std::vector{peer_of(1)});
  CHECK(roster.held(kStart + kSoleRenewal) == 1);
  SUBCASE("a relay that has forgotten it and has no more room") {
    roster.failed(peer_of(1), make_error_code(Errc::kReservationRefused), kStart + 61s, 0);
    CHECK(roster.held(kStart + 61s) == 1);  // until it expires: it may be held
    CHECK(roster.next(kStart + 61s) == kStart + 62s);
  }
  SUBCASE("two are enough") {
    roster.granted(peer_of(1), grant(kStart), kStart + 61s);
    roster.offer(relay_at(2), {}, kStart + 61s);
    roster.begin(kStart + 61s);
    roster.granted(peer_of(2), grant(kStart), kStart + 61s);
    CHECK(roster.next(kStart + 61s) > kStart + 25min);
  }
}

TEST_CASE("with nobody to ask it is hungry; with nothing held nobody waits long") {
  Roster roster({}, 3);
  roster.want(true, kStart);
  CHECK(roster.begin(kStart).empty());
  CHECK(roster.is_hungry(kStart));
  roster.offer(relay_at(1), {}, kStart);
  CHECK_FALSE(roster.is_hungry(kStart));
  Instant now = kStart;
  for (int i = 0; i < 10; ++i) {
    REQUIRE(roster.begin(now).size() == 1);
    roster.failed(peer_of(1), make_error_code(Errc::kTimedOut), now, 0);
    CHECK(roster.next(now) - now <= kBackoffMaxInNeed);
    now = roster.next(now);
  }
  CHECK(roster.is_hungry(now));
}

TEST_CASE("one success after an outage wakes all that wait") {
  Roster roster({relay_at(1), relay_at(2), relay_at(3)}, 3);
  roster.want(true, kStart);
  Instant now = kStart;
  for (int i = 0; i < 8; ++i) {
    for (const PeerInfo& relay : roster.begin(now))
      roster.failed(relay.id, make_error_code(Errc::kUnreachable), now, relay.id == peer_of(1) ? 1 : 0);
    now = roster.next(now);
  }
  const auto begun = roster.begin(now);
  REQUIRE_FALSE(begun.empty());
  for (std::size_t i = 1; i < begun.size(); ++i)
    roster.failed(begun[i].id, make_error_code(Errc::kUnreachable), now, 0);
  roster.granted(begun[0].id, grant(now), now);
  CHECK(roster.next(now) == now);
  CHECK(roster.begin(now).size() == 2);
}

TEST_CASE("what breaks by a change of the network is tried again at once, the first time") {
  Roster roster({relay_at(1)}, 1);
  roster.want(true, kStart);
  const PeerId relay = roster.begin(kStart).front().id;
  roster.granted(relay, grant(kStart), kStart);
  Instant now = kStart + 10s;  // too short a time to be stable
  roster.shake(now);
  REQUIRE(ids(roster.begin(now)) == std::vector{relay});  // renewed, over a connection that is dying
  roster.failed(relay, make_error_code(Errc::kClosed), now, 0);
  roster.lost(relay, now, 0);
  CHECK(roster.held(now) == 0);
  CHECK(ids(roster.begin(now)) == std::vector{relay});
  roster.failed(relay, make_error_code(Errc::kUnreachable), now, 0);
  CHECK(roster.begin(now).empty());  // that was the second time
  roster.shake(now);
  CHECK(ids(roster.begin(now)) == std::vector{relay});
  roster.failed(relay, make_error_code(Errc::kUnreachable), now, 0);
  CHECK(ids(roster.begin(now)) == std::vector{relay});
  roster.failed(relay, make_error_code(Errc::kUnreachable), now, 0);
  CHECK(roster.begin(now).empty());
  // What a relay says is its own word.
  now += kBackoffMax;
  roster.shake(now);
  roster.begin(now);
  roster.failed(relay, make_error_code(Errc::kReservationRefused), now, 0);
  CHECK(roster.begin(now).empty());
}

TEST_CASE("what is not wanted any more is released after a grace") {
  Roster roster({}, 1);
  roster.offer(relay_at(1), {}, kStart);
  roster.want(true, kStart);
  roster.begin(kStart);
  roster.granted(peer_of(1), grant(kStart), kStart);
  roster.want(false, kStart + 1s);
  CHECK(roster.begin(kStart + 2s).empty());
  CHECK(roster.held(kStart + 2s) == 1);
  roster.want(true, kStart + 3s);  // after all
  CHECK(roster.begin(kStart + 30s).empty());
  CHECK(roster.held(kStart + 30s) == 1);
  roster.want(false, kStart + 40s);
  CHECK(roster.next(kStart + 40s) == kStart + 40s + kReleaseGrace);
  roster.begin(kStart + 40s + kReleaseGrace);
  CHECK(roster.held(kStart + 40s + kReleaseGrace) == 0);
  CHECK(roster.statuses(kStart + 5min).empty());
  CHECK_FALSE(roster.is_protected(peer_of(1), kStart + 5min));
}

TEST_CASE("what others offer is bounded") {
  Roster roster({}, 3);
  for (int i = 0; i < 250; ++i) roster.offer(relay_at(static_cast<std::uint8_t>(i + 1)), {}, kStart);
  roster.want(true, kStart);
  Instant now = kStart;
  for (int i = 0; i < 500; ++i) {
    for (const PeerInfo& relay : roster.begin(now))
      roster.failed(relay.id, make_error_code(Errc::kRefused), now, 0.5);
    CHECK(roster.statuses(now).size() <= kSupervisedMax);
    now = std::max(roster.next(now), now + 10ms);
  }
}
