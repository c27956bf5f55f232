#include "warren/sim/stream_contract.hpp"

#include "warren/security/tls/test_nodes.hpp"

namespace warren::tls::test {
namespace {

void check_contract(sim::PipeOptions options) {
  sim::Loop loop;
  sim::check_stream_contract({.executor = loop.executor(),
                              .clock = loop.clock(),
                              .run = [&](Task<void> task) { loop.run(std::move(task)); },
                              .connect = [&] { return connect(loop, options); }});
  CHECK_FALSE(loop.busy());
}

}  // namespace

TEST_CASE("a TLS channel is a ByteStream") {
  check_contract({});
}

TEST_CASE("a TLS channel over a slow pipe that delivers few bytes at a time is a ByteStream") {
  check_contract({.delay = 100us, .read_max = 700, .buffer = 200'000});
}

}  // namespace warren::tls::test
