#include "warren/muxer/yamux/heartbeat.hpp"

#include <doctest/doctest.h>

#include <string>

#include "warren/sim/loop.hpp"

using namespace warren;
using namespace warren::yamux;

namespace {

// Writes down when its time came.
struct Patient final : Heartbeat::Watched {
  Patient(std::string& told, char called, std::optional<Duration> every)
      : log(told), name(called), interval(every) {}
  std::optional<Instant> beat(Instant now) override {
    log += name + std::to_string((now - Instant{}) / 1s) + " ";
    if (!interval) return std::nullopt;
    return now + *interval;
  }
  std::string& log;
  char name;
  std::optional<Duration> interval;
};

struct Ward {
  sim::Loop loop;
  Heartbeat heartbeat{loop.executor(), loop.clock()};
  std::string log;
};

}  // namespace

TEST_CASE("each one's time comes in its turn, also that of one who came later and is due earlier") {
  Ward ward;
  Patient slow(ward.log, 's', 10s);
  Patient quick(ward.log, 'q', 4s);
  ward.heartbeat.watch(slow, Instant{} + 10s);
  ward.loop.advance(1s);
  ward.heartbeat.watch(quick, Instant{} + 4s);
  ward.loop.advance(20s);
  CHECK(ward.log == "q4 q8 s10 q12 q16 s20 q20 ");
  ward.loop.run(ward.heartbeat.leave(slow));
  ward.loop.run(ward.heartbeat.leave(quick));
}

TEST_CASE("who has left is left alone, and the others are not") {
  Ward ward;
  Patient stays(ward.log, 's', 3s);
  Patient leaves(ward.log, 'l', 3s);
  ward.heartbeat.watch(leaves, Instant{} + 3s);
  ward.heartbeat.watch(stays, Instant{} + 3s);
  ward.loop.advance(4s);
  ward.loop.run(ward.heartbeat.leave(leaves));
  ward.loop.advance(3s);
  CHECK(ward.log == "l3 s3 s6 ");
  ward.loop.run(ward.heartbeat.leave(stays));
}

TEST_CASE("after all have left, or had no further time, it begins anew") {
  Ward ward;
  Patient once(ward.log, 'o', std::nullopt);
  Patient again(ward.log, 'a', 2s);
  ward.heartbeat.watch(once, Instant{} + 1s);
  ward.loop.advance(5s);
  ward.heartbeat.watch(again, Instant{} + 6s);
  ward.loop.advance(2s);
  ward.loop.run(ward.heartbeat.leave(once));
  ward.loop.run(ward.heartbeat.leave(again));
  ward.heartbeat.watch(once, Instant{} + 8s);
  ward.loop.advance(2s);
  CHECK(ward.log == "o1 a6 o8 ");
  ward.loop.run(ward.heartbeat.leave(once));
}
