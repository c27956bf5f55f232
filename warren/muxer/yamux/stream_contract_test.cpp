#include "warren/sim/stream_contract.hpp"

#include "warren/muxer/yamux/test_connections.hpp"

using namespace warren;

TEST_CASE("a yamux stream is a ByteStream") {
  sim::Loop loop;
  MuxedPair ends = yamux::connect(loop, {.delay = 1ms, .read_max = 10'000});
  sim::check_stream_contract({.executor = loop.executor(),
                              .clock = loop.clock(),
                              .run = [&](Task<void> task) { loop.run(std::move(task)); },
                              .connect = [&] { return yamux::stream_pair(ends); },
                              .disconnect = [&] { return yamux::close(ends); }});
  CHECK_FALSE(loop.busy());
}
