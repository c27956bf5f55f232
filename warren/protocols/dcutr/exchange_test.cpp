// The conversation of both roles over a pipe: its instants, and what a peer may do against the rules.
#include "warren/protocols/dcutr/exchange.hpp"

#include <doctest/doctest.h>

#include "warren/async/cancellation.hpp"
#include "warren/async/task_group.hpp"
#include "warren/core/test_values.hpp"
#include "warren/protocols/dcutr/message.hpp"
#include "warren/sim/for_each_failure.hpp"
#include "warren/sim/pipe.hpp"

using namespace warren;
using namespace warren::dcutr;
using namespace warren::testing;

namespace {

const std::vector<Multiaddr> kBobs = {address("/ip4/192.0.2.1/udp/4001/quic-v1")};
const std::vector<Multiaddr> kAlices = {address("/ip4/192.0.2.2/tcp/4001"),
                                        address("/ip4/192.0.2.2/udp/4001/quic-v1")};

// What one end came to.
struct End {
  std::vector<Multiaddr> heard;
  Duration round_trip_time{};
  Instant due{};
};

Task<void> be_bob(Clock* clock, ByteStream* stream, End* end) {
  const Offer offer = co_await exchange_addresses(*clock, *stream, kBobs);
  end->heard = offer.heard;
  end->round_trip_time = offer.round_trip_time;
  end->due = co_await send_sync(*clock, *stream, offer.round_trip_time);
}

Task<void> be_alice(Clock* clock, ByteStream* stream, Duration thinks, End* end) {
  end->heard = co_await hear_addresses(*stream);
  co_await clock->sleep_for(thinks);
  end->round_trip_time = co_await answer_and_wait(*clock, *stream, kAlices);
  end->due = clock->now();
}

struct Ends {
  End bob;
  End alice;
};

Ends converse(Duration delay, Duration thinks = {}) {
  sim::Loop loop;
  Ends ends;
  auto [bobs, alices] = sim::pipe(loop, {.delay = delay});
  TaskGroup group(loop.executor(), "alice");
  group.spawn(be_alice(&loop.clock(), alices.get(), thinks, &ends.alice));
  loop.run(be_bob(&loop.clock(), bobs.get(), &ends.bob));
  loop.run(group.join());
  loop.run(group.close());
  return ends;
}

Task<void> converse_with_faults(sim::Loop& loop, sim::Faults& faults) {
  auto [bobs, alices] = sim::pipe(loop, {.delay = 5ms, .faults = &faults});
  TaskGroup group(loop.executor(), "alice");
  Ends ends;
  group.spawn(be_alice(&loop.clock(), alices.get(), Duration::zero(), &ends.alice));
  co_await finally(be_bob(&loop.clock(), bobs.get(), &ends.bob), group.close());
}

Task<void> say(ByteStream* stream, Bytes bytes) {
  co_await stream->write(bytes);
}

const Bytes kConnect = framed(encode({Message::Type::kConnect, kAlices}));
const Bytes kSync = framed(encode({Message::Type::kSync, {}}));

Bytes operator+(Bytes one, const Bytes& other) {
  one.insert(one.end(), other.begin(), other.end());
  return one;
}

// How it ends for the one role when the other says this and falls silent.
std::error_code bob_hears(Bytes bytes) {
  sim::Loop loop;
  auto [bobs, alices] = sim::pipe(loop);
  loop.run(say(alices.get(), std::move(bytes)));
  End end;
  auto talk = with_timeout(loop.clock(), 10s, be_bob(&loop.clock(), bobs.get(), &end));
  const auto result = loop.run(as_result(std::move(talk)));
  return result ? std::error_code() : result.error();
}
std::error_code alice_hears(Bytes bytes) {
  sim::Loop loop;
  auto [bobs, alices] = sim::pipe(loop);
  loop.run(say(bobs.get(), std::move(bytes)));
  End end;
  auto talk = with_timeout(loop.clock(), 10s, be_alice(&loop.clock(), alices.get(), Duration::zero(), &end));
  const auto result = loop.run(as_result(std::move(talk)));
  return result ? std::error_code() : result.error();
}

}  // namespace

TEST_CASE("both punch at the same instant, whatever the round trip time") {
  for (const Duration delay : {Duration(0ms), Duration(5ms), Duration(20ms), Duration(150ms), Duration(2s)}) {
    INFO(to_ms(delay), " ms one way");
    const Ends ends = converse(delay);
    CHECK(ends.bob.heard == kAlices);
    CHECK(ends.alice.heard == kBobs);
    CHECK(ends.bob.round_trip_time == 2 * delay);
    CHECK(ends.alice.round_trip_time == 2 * delay);
    CHECK(ends.alice.due == Instant{} + 3 * delay);  // as SYNC arrives
    CHECK(ends.bob.due == ends.alice.due);
  }
}

TEST_CASE("the time that the peer takes to answer counts as way, so that B is late by half of it") {
  const Ends ends = converse(20ms, 100ms);
  CHECK(ends.bob.round_trip_time == 140ms);
  CHECK(ends.alice.round_trip_time == 40ms);
  CHECK(ends.bob.due - ends.alice.due == 50ms);
}

TEST_CASE("the bytes of an exchange") {
  sim::Loop loop;
  auto [bobs, alices] = sim::pipe(loop);
  loop.run(say(alices.get(), kConnect));
  End end;
  loop.run(be_bob(&loop.clock(), bobs.get(), &end));
  Bytes said = loop.run(read_to_end(*alices, 1024));  // B ends its half
  CHECK(to_hex(said) ==
        "0f"
        "0864"
        "120b04c000020191020fa1cd03"
        "03"
        "08ac02");
}

TEST_CASE("what the peer says out of turn ends the exchange") {
  CHECK_FALSE(bob_hears(kConnect));
  CHECK(bob_hears(kSync) == Errc::kMalformed);
  CHECK(bob_hears(framed({0x08, 0x07})) == Errc::kMalformed);
  CHECK(bob_hears(framed({0xff, 0xff})) == Errc::kTruncated);
  CHECK(bob_hears({0x81, 0x20}) == Errc::kTooLarge);  // 4097 bytes
  CHECK(bob_hears({0xff, 0xff, 0xff, 0xff, 0x0f}) == Errc::kTooLarge);
  CHECK(bob_hears({}) == Errc::kTimedOut);
  CHECK(bob_hears({0x80, 0x20}) == Errc::kTimedOut);  // 4096 that never come

  CHECK_FALSE(alice_hears(kConnect + kSync));
  CHECK(alice_hears(kSync) == Errc::kMalformed);
  CHECK(alice_hears(kConnect + kConnect) == Errc::kMalformed);
  CHECK(alice_hears({0x81, 0x20}) == Errc::kTooLarge);
  CHECK(alice_hears({}) == Errc::kTimedOut);
  CHECK(alice_hears(kConnect) == Errc::kTimedOut);
}

TEST_CASE("the exchange fails cleanly at each step") {
  // The end of B's half comes after all that matters.
  std::uint64_t harmless = 0;
  const auto operations =
      sim::for_each_failure(converse_with_faults, [&](std::uint64_t, const auto& outcome) {
        if (outcome) ++harmless;
      });
  CHECK(operations >= 9);
  CHECK(harmless <= 4);
}
