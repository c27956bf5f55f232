#include "warren/transport/memory/transport.hpp"

#include <doctest/doctest.h>

#include "warren/sim/transport_contract.hpp"

namespace warren::memory {
namespace {

using sim::contract_tests::multiaddr;

struct MemoryTest {
  sim::Loop loop;
  Hub hub;
  MemoryTransport alice{hub};
  MemoryTransport bob{hub};

  std::unique_ptr<TransportListener> listen(std::string_view address) {
    return value_or_throw(bob.listen(multiaddr(address)));
  }
};

TEST_CASE_FIXTURE(MemoryTest, "memory is a Transport") {
  sim::check_transport_contract({.executor = loop.executor(),
                                 .clock = loop.clock(),
                                 .run = [&](Task<void> task) { loop.run(std::move(task)); },
                                 .dialer = alice,
                                 .listener = bob,
                                 .free_address = multiaddr("/memory/0")});
  CHECK_FALSE(loop.busy());
}

TEST_CASE("numbers and addresses") {
  CHECK(multiaddr_of(18446744073709551615u).to_string() == "/memory/18446744073709551615");
  CHECK(number_of(multiaddr("/memory/7")) == 7);
  CHECK(number_of(multiaddr("/ip4/127.0.0.1/tcp/7")).error() == Errc::kBadAddress);
}

TEST_CASE_FIXTURE(MemoryTest, "a number can be chosen, and is left out when free ones are given") {
  const auto second = listen("/memory/2");
  CHECK(second->address() == multiaddr("/memory/2"));
  CHECK(listen("/memory/0")->address() == multiaddr("/memory/1"));
  CHECK(listen("/memory/0")->address() == multiaddr("/memory/3"));
}

TEST_CASE_FIXTURE(MemoryTest, "hubs are separate networks") {
  const auto listener = listen("/memory/1");
  Hub other_hub;
  MemoryTransport carol(other_hub);
  CHECK(loop.run(as_result(carol.dial(listener->address()))).error() == Errc::kRefused);
}

TEST_CASE_FIXTURE(MemoryTest, "dials that nobody accepts are bounded, and reset with the listener") {
  auto listener = listen("/memory/1");
  std::vector<RawConnection> dialed;
  for (int i = 0; i < 128; ++i) dialed.push_back(loop.run(alice.dial(listener->address())));
  CHECK(loop.run(as_result(alice.dial(listener->address()))).error() == Errc::kRefused);
  listener->close();
  CHECK(loop.run(as_result(dialed.front().stream->write(as_bytes("x")))).error() == Errc::kReset);
}

}  // namespace
}  // namespace warren::memory
