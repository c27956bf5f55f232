// What every DatagramSocket must do, as tests (doctest), over a path that loses nothing: the kernel's and the
// simulated one run the same ones.
//
//   check_datagram_contract({.clock = world.clock(),
//                            .executor = world.loop().executor(),
//                            .run = [&](Task<void> task) { world.run(std::move(task)); },
//                            .one = {alice.address(), bind_at(alice)},
//                            .other = {bob.address(), bind_at(bob)}});
#pragma once

#include <doctest/doctest.h>

#include <functional>
#include <memory>
#include <vector>

#include "warren/async/as_result.hpp"
#include "warren/async/task_group.hpp"
#include "warren/env/clock.hpp"
#include "warren/env/datagram_socket.hpp"
#include "warren/sim/stream_contract.hpp"

namespace warren::sim {

struct DatagramContract {
  struct Machine {
    IpAddress address;  // one of its own
    std::function<Result<std::unique_ptr<DatagramSocket>>(Endpoint)> bind;
  };

  Clock& clock;
  Executor executor;
  // Runs a task to its end on that executor's loop; throws what it throws.
  std::function<void(Task<void>)> run;
  // May be the same; addresses are of one family.
  Machine one;
  Machine other;
};

namespace contract_tests {

// A datagram that has been received.
struct Letter {
  Endpoint from;
  IpAddress to;
  Bytes payload;
  Ecn ecn;
};

inline std::unique_ptr<DatagramSocket> bind(const DatagramContract::Machine& machine) {
  return value_or_throw(machine.bind({machine.address, 0}), "bind");
}

inline IpAddress any(const IpAddress& address) {
  return address.is_v4() ? IpAddress::v4({}) : IpAddress::v6({});
}

inline Task<void> receive_into(DatagramSocket& socket, std::size_t count, std::vector<Letter>& letters) {
  while (letters.size() < count) {
    const auto batch = co_await socket.receive();
    CHECK_FALSE(batch.empty());
    for (const Datagram& it : batch) letters.push_back({it.from, it.to, to_bytes(it.payload), it.ecn});
  }
}

inline Task<std::vector<Letter>> receive(const DatagramContract& contract, DatagramSocket& socket,
                                         std::size_t count) {
  std::vector<Letter> letters;
  co_await with_timeout(contract.clock, 10s, receive_into(socket, count, letters));
  co_return letters;
}

// One datagram.
inline Task<void> send(DatagramSocket& socket, Endpoint to, BytesView payload, Ecn ecn = Ecn::kNotCapable) {
  co_await socket.send(any(to.address), to, payload, std::max<std::size_t>(payload.size(), 1), ecn);
}

inline Task<void> send_and_answer(const DatagramContract& contract) {
  const auto one = bind(contract.one);
  const auto other = bind(contract.other);
  CHECK(one->local_endpoint().port != 0);
  CHECK(one->local_endpoint().address == contract.one.address);
  for (const std::size_t size : {1, 0, 1452, 9000, 60'000}) {
    const Bytes sent = random_bytes(size, size);
    co_await send(*one, other->local_endpoint(), sent);
    const auto there = co_await receive(contract, *other, 1);
    REQUIRE(there.size() == 1);
    CHECK(there[0].payload == sent);
    CHECK(there[0].from == one->local_endpoint());
    CHECK(there[0].to == contract.other.address);
    co_await send(*other, there[0].from, there[0].payload);
    const auto back = co_await receive(contract, *one, 1);
    REQUIRE(back.size() == 1);
    CHECK(back[0].payload == sent);
    CHECK(back[0].from == other->local_endpoint());
  }
}

inline Task<void> send_segments(const DatagramContract& contract) {
  const auto one = bind(contract.one);
  const auto other = bind(contract.other);
  struct Case {
    std::size_t total, segment, count;
  };
  const Case cases[] = {
      {1452, 1452, 1},       {1453, 1452, 2},    {64 * 1452, 1452, 64}, {100 * 1200, 1200, 100},
      {100 * 40, 40, 100},   {70'000, 1200, 59}, {80'000, 40'000, 2},   {1199, 1200, 1},
      {2000 + 999, 1000, 3}, {300, 1, 300}};
  for (const Case& it : cases) {
    const Bytes sent = random_bytes(it.total, it.total);
    co_await one->send(any(contract.one.address), other->local_endpoint(), sent, it.segment,
                       Ecn::kNotCapable);
    const auto letters = co_await receive(contract, *other, it.count);
    REQUIRE(letters.size() == it.count);
    Bytes received;
    for (std::size_t i = 0; i < it.count; ++i) {
      const bool last = i + 1 == it.count;
      CHECK(letters[i].payload.size() == (last ? it.total - (it.count - 1) * it.segment : it.segment));
      append(received, letters[i].payload);
    }
    CHECK((received == sent));
  }
}

inline Task<void> many_in_order(const DatagramContract& contract) {
  const auto one = bind(contract.one);
  const auto other = bind(contract.other);
  for (std::uint8_t i = 0; i < 200; ++i) {
    // Of different sizes, so that nothing can be put together but here and there.
    const Bytes payload(100 + i / 4 * 10, i);
    co_await send(*one, other->local_endpoint(), payload);
  }
  const auto letters = co_await receive(contract, *other, 200);
  REQUIRE(letters.size() == 200);
  for (std::uint8_t i = 0; i < 200; ++i) CHECK(letters[i].payload == Bytes(100 + i / 4 * 10, i));
}

inline Task<void> any_address(const DatagramContract& contract) {
  const auto one = value_or_throw(contract.one.bind({any(contract.one.address), 0}));
  const auto other = value_or_throw(contract.other.bind({any(contract.other.address), 0}));
  CHECK(one->local_endpoint().address.is_unspecified());
  const Bytes payload = to_bytes("hello");
  const Endpoint to{contract.other.address, other->local_endpoint().port};
  co_await one->send(contract.one.address, to, payload, payload.size(), Ecn::kNotCapable);
  const auto letters = co_await receive(contract, *other, 1);
  CHECK(letters[0].from == Endpoint{contract.one.address, one->local_endpoint().port});
  CHECK(letters[0].to == contract.other.address);

  const IpAddress foreign = contract.one.address.is_v4() ? IpAddress::v4({192, 0, 2, 77})
                                                         : value_or_throw(IpAddress::parse("2001:db8:77::1"));
  const auto refused = co_await as_result(one->send(foreign, to, payload, 1, Ecn::kNotCapable));
  CHECK(refused.error() == Errc::kUnreachable);
}

inline Task<void> congestion_bits(const DatagramContract& contract) {
  const auto one = bind(contract.one);
  const auto other = bind(contract.other);
  const Bytes payload(3000);
  for (const Ecn ecn : {Ecn::kCapable0, Ecn::kNotCapable, Ecn::kCapable1, Ecn::kCongested}) {
    co_await one->send(contract.one.address, other->local_endpoint(), payload, 1000, ecn);
    const auto letters = co_await receive(contract, *other, 3);
    for (const Letter& letter : letters) CHECK(letter.ecn == ecn);
  }
}

inline Task<void> nobody_there(const DatagramContract& contract) {
  const auto one = bind(contract.one);
  auto other = bind(contract.other);
  const Endpoint gone = other->local_endpoint();
  other.reset();
  const Bytes payload(5000);
  for (int i = 0; i < 3; ++i) {
    co_await one->send(contract.one.address, gone, payload, 1000, Ecn::kNotCapable);
    co_await send(*one, gone, payload);
  }
  co_await contract.clock.sleep_for(50ms);
  // What the network may have said about it has not harmed the socket.
  other = bind(contract.other);
  co_await send(*other, one->local_endpoint(), payload);
  const auto letters = co_await receive(contract, *one, 1);
  CHECK(letters[0].from == other->local_endpoint());
}

inline Task<void> too_large(const DatagramContract& contract) {
  const auto one = bind(contract.one);
  const auto other = bind(contract.other);
  const Bytes payload(65'528);
  const auto sent = co_await as_result(send(*one, other->local_endpoint(), payload));
  CHECK(sent.error() == Errc::kTooLarge);
  co_await send(*one, other->local_endpoint(), BytesView(payload).first(10));
  const auto letters = co_await receive(contract, *other, 1);
  CHECK(letters[0].payload.size() == 10);
}

inline Task<void> other_family(const DatagramContract& contract) {
  const auto one = bind(contract.one);
  const IpAddress address = contract.one.address.is_v4() ? value_or_throw(IpAddress::parse("2001:db8::1"))
                                                         : IpAddress::v4({192, 0, 2, 1});
  const Endpoint somebody{address, 4001};
  const Bytes payload(10);
  const auto sent = co_await as_result(send(*one, somebody, payload));
  CHECK(sent.error() == Errc::kUnreachable);
}

inline Task<void> ports(const DatagramContract& contract) {
  const auto one = bind(contract.one);
  const std::uint16_t port = one->local_endpoint().port;
  CHECK(contract.one.bind({contract.one.address, port}).error() == Errc::kAddressInUse);
  CHECK(contract.one.bind({any(contract.one.address), port}).error() == Errc::kAddressInUse);
  // TEST-NET-1 of RFC 5737 is nobody's.
  CHECK(contract.one.bind({IpAddress::v4({192, 0, 2, 1}), 0}).error() == Errc::kAddressNotAvailable);
  one->close();
  CHECK(contract.one.bind({contract.one.address, port}).has_value());
  co_return;
}

inline Task<void> close_wakes(const DatagramContract& contract) {
  const auto one = bind(contract.one);
  std::vector<Letter> letters;
  Ending ending;
  TaskGroup group(contract.executor, "contract");
  group.spawn(note(receive_into(*one, 1, letters), ending));
  co_await contract.clock.sleep_for(20ms);
  CHECK_FALSE(ending.ended);
  one->close();
  one->close();
  co_await group.join();
  CHECK(ending.outcome.error() == Errc::kClosed);
  const auto received = co_await as_result(receive_into(*one, 1, letters));
  CHECK(received.error() == Errc::kClosed);
  const Bytes payload(10);
  const Endpoint somebody{contract.other.address, 4001};
  const auto sent = co_await as_result(send(*one, somebody, payload));
  CHECK(sent.error() == Errc::kClosed);
}

inline Task<void> cancel(const DatagramContract& contract) {
  const auto one = bind(contract.one);
  const auto other = bind(contract.other);
  for (int i = 0; i < 3; ++i) {
    std::vector<Letter> none;
    Ending ending;
    TaskGroup group(contract.executor, "contract");
    group.spawn(note(receive_into(*other, 1, none), ending));
    co_await contract.clock.sleep_for(5ms);
    co_await group.close();
    CHECK_FALSE(ending.ended);
    const Bytes payload(10);
    co_await send(*one, other->local_endpoint(), payload);
    const auto letters = co_await receive(contract, *other, 1);
    CHECK(letters.size() == 1);
  }
}

}  // namespace contract_tests

// Call it in a TEST_CASE of its own, which makes everything anew for each of the subcases.
inline void check_datagram_contract(const DatagramContract& contract) {
  namespace test = contract_tests;
  struct Case {
    const char* what;
    Task<void> (*run)(const DatagramContract&);
  };
  static constexpr Case kCases[] = {
      {"datagrams arrive as they were sent, and can be answered", test::send_and_answer},
      {"a payload becomes datagrams of a size", test::send_segments},
      {"200 datagrams arrive in order", test::many_in_order},
      {"a socket at any address tells and chooses which one", test::any_address},
      {"congestion bits arrive", test::congestion_bits},
      {"what nobody receives is lost in silence", test::nobody_there},
      {"what is too large is told, and harms nothing", test::too_large},
      {"another family's addresses can't be reached", test::other_family},
      {"a port has one socket", test::ports},
      {"closing wakes the receiver", test::close_wakes},
      {"a canceled receiver loses nothing", test::cancel},
  };
  for (const Case& it : kCases) {
    SUBCASE(it.what) {
      contract.run(it.run(contract));
    }
  }
}

}  // namespace warren::sim
