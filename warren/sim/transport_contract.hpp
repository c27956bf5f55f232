// What every Transport that yields raw pipes must do, as tests (doctest): real and simulated TCP and memory
// run the same ones.
//
//   TEST_CASE("memory is a Transport") {
//     Loop loop;
//     memory::Hub hub;
//     memory::MemoryTransport one(hub), other(hub);
//     check_transport_contract({.executor = loop.executor(), .clock = loop.clock(),
//                               .run = [&](Task<void> task) { loop.run(std::move(task)); },
//                               .dialer = one, .listener = other, .free_address = multiaddr("/memory/0")});
//   }
#pragma once

#include <doctest/doctest.h>

#include <functional>
#include <utility>
#include <vector>

#include "warren/core/transport.hpp"
#include "warren/sim/stream_contract.hpp"

namespace warren::sim {

struct TransportContract {
  Executor executor;
  Clock& clock;
  std::function<void(Task<void>)> run;
  // Of two nodes; may be the same one.
  Transport& dialer;
  Transport& listener;
  // Where the listener may listen, at any free port: a concrete address that the dialer can reach.
  Multiaddr free_address;
  // See StreamContract.
  std::size_t buffer_max = 1024 * 1024;
};

namespace contract_tests {

inline Multiaddr multiaddr(std::string_view text) {
  return value_or_throw(Multiaddr::parse(text), std::string(text));
}

inline std::unique_ptr<TransportListener> listen(const TransportContract& contract) {
  return value_or_throw(contract.listener.listen(contract.free_address));
}

using RawPair = std::pair<RawConnection, RawConnection>;  // dialed and accepted

inline Task<RawPair> connect(const TransportContract& contract, TransportListener& listener) {
  auto dialed = co_await contract.dialer.dial(listener.address());
  auto accepted = co_await listener.accept();
  co_return RawPair(std::move(dialed), std::move(accepted));
}

inline Task<StreamPair> connect_streams(const TransportContract& contract) {
  const auto listener = listen(contract);
  auto pair = co_await connect(contract, *listener);
  co_return StreamPair(std::move(pair.first.stream), std::move(pair.second.stream));
}

inline Task<void> dial_and_accept(const TransportContract& contract) {
  const auto listener = listen(contract);
  const auto pair = co_await connect(contract, *listener);
  const auto& [dialed, accepted] = pair;
  CHECK(dialed.remote == listener->address());
  CHECK(accepted.local == listener->address());
  CHECK(accepted.remote == dialed.local);
  CHECK(dialed.local != dialed.remote);
  const Bytes sent = to_bytes("hello");
  Bytes received(sent.size());
  co_await dialed.stream->write(sent);
  co_await warren::read_exactly(*accepted.stream, received);
  CHECK(received == sent);
}

inline Task<void> many_dials(const TransportContract& contract) {
  const auto listener = listen(contract);
  std::vector<RawConnection> dialed;
  for (std::uint8_t i = 0; i < 10; ++i) {
    dialed.push_back(co_await contract.dialer.dial(listener->address()));
    const Bytes number = {i};
    co_await dialed.back().stream->write(number);
  }
  std::vector<bool> seen(10);
  for (int i = 0; i < 10; ++i) {
    const auto accepted = co_await listener->accept();
    Bytes number(1);
    co_await warren::read_exactly(*accepted.stream, number);
    CHECK(accepted.remote == dialed[number[0]].local);
    seen[number[0]] = true;
  }
  CHECK(std::ranges::count(seen, true) == 10);
}

inline Task<void> refused(const TransportContract& contract) {
  auto listener = listen(contract);
  const Multiaddr address = listener->address();
  listener.reset();
  const auto dialed = co_await as_result(contract.dialer.dial(address));
  CHECK((!dialed && dialed.error() == Errc::kRefused));
}

inline Task<void> bad_addresses(const TransportContract& contract) {
  const std::vector<Multiaddr> others = {
      Multiaddr(), multiaddr("/dns/example.com/udp/1"),
      contract.free_address.with(Protocol::kWs),  // something on top is another transport's
      contract.free_address.encapsulate(multiaddr("/p2p/QmcgpsyWgH8Y8ajJz1Cu72KnS5uo2Aa2LpzU7kinSupNKC"))};
  for (const Multiaddr& address : others) {
    CHECK_FALSE(contract.dialer.handles(address));
    CHECK((contract.listener.listen(address).error() == Errc::kBadAddress));
    const auto dialed = co_await as_result(contract.dialer.dial(address));
    CHECK((!dialed && dialed.error() == Errc::kBadAddress));
  }
}

inline void listening(const TransportContract& contract) {
  auto first = listen(contract);
  const auto second = listen(contract);
  const Multiaddr address = first->address();
  CHECK(address != contract.free_address);
  CHECK(address != second->address());
  CHECK(contract.listener.handles(address));
  CHECK(contract.dialer.handles(address));
  CHECK((contract.listener.listen(address).error() == Errc::kAddressInUse));
  first.reset();
  CHECK(contract.listener.listen(address).has_value());
}

inline Task<void> accept_once(TransportListener& listener, std::vector<RawConnection>& accepted) {
  accepted.push_back(co_await listener.accept());
}

inline Task<void> accept_canceled(const TransportContract& contract) {
  const auto listener = listen(contract);
  std::vector<RawConnection> accepted;
  TaskGroup group(contract.executor, "contract");
  group.spawn(accept_once(*listener, accepted));
  co_await contract.clock.sleep_for(1ms);
  co_await group.close();
  CHECK(accepted.empty());
  const auto pair = co_await connect(contract, *listener);
  CHECK(pair.second.remote == pair.first.local);
}

inline Task<void> closed(const TransportContract& contract) {
  const auto listener = listen(contract);
  std::vector<RawConnection> accepted;
  Ending accepting;
  TaskGroup group(contract.executor, "contract");
  group.spawn(note(accept_once(*listener, accepted), accepting));
  co_await contract.clock.sleep_for(1ms);
  CHECK_FALSE(accepting.ended);
  listener->close();
  listener->close();
  co_await group.join();
  CHECK((!accepting.outcome && accepting.outcome.error() == Errc::kClosed));
  const auto later = co_await as_result(listener->accept());
  CHECK((!later && later.error() == Errc::kClosed));
}

}  // namespace contract_tests

// Call it in a TEST_CASE of its own, which makes everything anew for each of the subcases.
inline void check_transport_contract(const TransportContract& contract) {
  namespace test = contract_tests;
  SUBCASE("who dials and who accepts are connected, and know each other's addresses") {
    contract.run(test::dial_and_accept(contract));
  }
  SUBCASE("dials wait until they are accepted") {
    contract.run(test::many_dials(contract));
  }
  SUBCASE("where nobody listens any more a dial is refused") {
    contract.run(test::refused(contract));
  }
  SUBCASE("an address of another kind is neither dialed nor listened on") {
    contract.run(test::bad_addresses(contract));
  }
  SUBCASE("each listener has an address of its own") {
    test::listening(contract);
  }
  SUBCASE("a canceled accept loses nothing") {
    contract.run(test::accept_canceled(contract));
  }
  SUBCASE("a closed listener ends its accept") {
    contract.run(test::closed(contract));
  }
  check_stream_contract({.executor = contract.executor,
                         .clock = contract.clock,
                         .run = contract.run,
                         .connect = [&] { return test::connect_streams(contract); },
                         .buffer_max = contract.buffer_max});
}

}  // namespace warren::sim
