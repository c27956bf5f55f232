// Conversations whose path dies under them: they move to the next one, from direct to relayed and back. What
// was asked runs at most once, and whoever asked learns what became of it.
#include <doctest/doctest.h>

#include "warren/messaging/test_moves.hpp"
#include "warren/messaging/travel.hpp"

namespace warren {
namespace {

using test::MoveOutcome;
using test::Moves;
using test::TestConnection;

TEST_CASE("a request whose direct path dies is answered over the relayed one, within five seconds") {
  Moves net;
  net.connect_both();
  MoveOutcome outcome;
  net.group.spawn(Moves::ask(net, to_bytes("x"), outcome));
  net.advance(1s);
  REQUIRE(net.runs == 1);
  CHECK(net.direct->streams_so_far() > 0);
  const Instant cut = net.network.world.clock().now();
  net.let_die(*net.direct);
  CHECK_FALSE(outcome.done);
  net.advance(10s);
  CHECK(outcome.answer == to_bytes("x"));
  CHECK(net.ended - cut <= 5s);
  CHECK(net.runs == 1);
}

TEST_CASE("and the other way round: from the relayed path to the direct one that has come up meanwhile") {
  Moves net;
  net.relayed = net.connect(PathPolicy::kAny);
  net.takes = 20s;
  MoveOutcome outcome;
  net.group.spawn(Moves::ask(net, to_bytes("x"), outcome));
  net.advance(1s);
  REQUIRE(net.runs == 1);
  net.network.direct = true;
  net.direct = net.connect(PathPolicy::kPreferDirect);
  SUBCASE("it stays where it began") {
    const int streams = net.direct->streams_so_far();
    net.advance(30s);
    CHECK(net.direct->streams_so_far() == streams);
    MoveOutcome next;
    net.group.spawn(Moves::ask(net, to_bytes("y"), next));
    net.advance(1s);
    CHECK(net.direct->streams_so_far() == streams + 1);
    net.advance(30s);
    CHECK(next.answer == to_bytes("y"));
    CHECK(net.runs == 2);
  }
  SUBCASE("until that dies") {
    net.let_die(*net.relayed);
    net.advance(30s);
    CHECK(net.runs == 1);
  }
  CHECK(outcome.answer == to_bytes("x"));
}

TEST_CASE("a path that dies again and again is left again and again") {
  Moves net;
  net.network.direct = true;
  net.takes = 20s;
  MoveOutcome outcome;
  net.group.spawn(Moves::ask(net, to_bytes("x"), outcome));
  for (int i = 0; i < 4; ++i) {
    net.advance(1s);
    REQUIRE(net.alice.host.connections().size() == 1);
    net.direct = std::dynamic_pointer_cast<TestConnection>(net.alice.host.connections().front());
    net.let_die(*net.direct);
  }
  net.advance(20s);
  CHECK_MESSAGE(outcome.answer == to_bytes("x"), outcome.what);
  CHECK(net.runs == 1);
}

TEST_CASE("a message whose acknowledgement was lost with its path is there once, and known to be") {
  Moves net;
  net.connect_both();
  const auto subscription = net.bob.messaging->on_message([&](const InboxMessage&) { net.direct->cut(); });
  MoveOutcome outcome;
  net.group.spawn(Moves::tell(net, to_bytes("once"), outcome));
  net.advance(1s);
  REQUIRE(net.bob.stored().size() == 1);
  CHECK_FALSE(outcome.done);
  net.direct->close_because(Errc::kPathSilent);
  net.advance(2s);
  CHECK(outcome.done);
  CHECK_FALSE(outcome.error);
  CHECK(net.bob.stored().size() == 1);
  CHECK(net.bob.delivered.size() == 1);
}

TEST_CASE("no path is left: another one is waited for a while") {
  Moves net;
  net.connect_both();
  net.relayed->close();
  net.network.circuits.reset();
  MoveOutcome outcome;
  net.group.spawn(Moves::ask(net, to_bytes("x"), outcome));
  net.advance(1s);
  REQUIRE(net.runs == 1);
  net.let_die(*net.direct);
  const Instant died = net.network.world.clock().now();
  SUBCASE("it comes") {
    net.advance(8s);
    CHECK_FALSE(outcome.done);
    net.network.direct = true;
    net.advance(6s);
    CHECK(outcome.answer == to_bytes("x"));
  }
  SUBCASE("the peer comes to us") {
    net.advance(8s);
    net.direct->other.lock()->close_because(Errc::kPathSilent);
    net.network.direct = true;
    net.network.world.run(net.bob.host.connect(net.alice.info()));
    net.advance(2s);
    CHECK(outcome.answer == to_bytes("x"));
  }
  SUBCASE("it does not: it may have run, and that is what is told") {
    net.advance(1min);
    CHECK(outcome.error == Errc::kOutcomeUnknown);
    CHECK_MESSAGE(outcome.what.contains("the path ended before the answer"), outcome.what);
    CHECK(net.ended - died <= Travel::kPatience + 1s);
  }
  CHECK(net.runs == 1);
}

TEST_CASE("a peer that was never reached is not waited for") {
  Moves net;
  net.network.circuits.reset();
  MoveOutcome outcome;
  net.group.spawn(Moves::ask(net, to_bytes("x"), outcome));
  net.advance(1s);
  CHECK(outcome.error == Errc::kUnreachable);
}

TEST_CASE("paths are told to be used as long as a conversation goes over them, and heard of as bytes come") {
  Moves net;
  net.relayed = net.connect(PathPolicy::kAny);
  net.takes = 10s;
  int used = 0;
  int heard = 0;
  const auto subscription = net.alice.messaging->on_path_sign([&](const Connection& path, PathSign sign) {
    CHECK(&path == net.relayed.get());
    ++(sign == PathSign::kUsed ? used : heard);
  });
  MoveOutcome outcome;
  net.group.spawn(Moves::ask(net, to_bytes("x"), outcome));
  net.advance(10s);
  CHECK(used >= 9);
  CHECK(used <= 14);
  CHECK(heard == 0);
  net.advance(2s);
  CHECK(outcome.answer == to_bytes("x"));
  CHECK(heard > 0);
  used = 0;
  net.advance(1min);
  CHECK(used <= 1);
}

}  // namespace
}  // namespace warren
