#include "warren/sim/stream_contract.hpp"

#include "warren/security/noise/channel.hpp"
#include "warren/security/noise/test_nodes.hpp"

namespace warren::noise::test {
namespace {

// Two secured ends over a pipe of these options.
Task<sim::StreamPair> connect(sim::Loop& loop, sim::PipeOptions options) {
  Node alice(KeyType::kEd25519, 1);
  Node bob(KeyType::kEd25519, 2);
  Party initiator{alice, bob.peer()};
  Party responder{bob};
  co_await secure_both(loop, initiator, responder, sim::pipe(loop, options));
  co_return sim::StreamPair{value_or_throw(std::move(initiator.channel)),
                            value_or_throw(std::move(responder.channel))};
}

void check_contract(sim::PipeOptions options) {
  sim::Loop loop;
  sim::check_stream_contract({.executor = loop.executor(),
                              .clock = loop.clock(),
                              .run = [&](Task<void> task) { loop.run(std::move(task)); },
                              .connect = [&] { return connect(loop, options); }});
  CHECK_FALSE(loop.busy());
}

}  // namespace

TEST_CASE("a Noise channel is a ByteStream") {
  check_contract({});
}

TEST_CASE("a Noise channel over a slow pipe that delivers few bytes at a time is a ByteStream") {
  check_contract({.delay = 100us, .read_max = 700, .buffer = 200'000});
}

}  // namespace warren::noise::test
