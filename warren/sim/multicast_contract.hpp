// What Network::join_multicast must give, as tests (doctest): the kernel's and the simulated network run the
// same ones.
#pragma once

#include "warren/env/network.hpp"
#include "warren/sim/datagram_contract.hpp"

namespace warren::sim {

struct MulticastContract {
  struct Machine {
    Network& network;
    NetworkInterface interface;
  };

  Clock& clock;
  Executor executor;
  // Runs a task to its end on that executor's loop; throws what it throws.
  std::function<void(Task<void>)> run;
  Endpoint group;
  Endpoint other_group;  // at the same port
  // On one link; may be the same.
  Machine one;
  Machine other;
};

namespace contract_tests {

inline std::unique_ptr<DatagramSocket> join(const MulticastContract::Machine& machine,
                                            const Endpoint& group) {
  return value_or_throw(machine.network.join_multicast(group, machine.interface), "join");
}

inline Task<Letter> receive_one(const MulticastContract& contract, DatagramSocket& socket) {
  std::vector<Letter> letters;
  co_await with_timeout(contract.clock, 10s, receive_into(socket, 1, letters));
  CHECK(letters.size() == 1);
  co_return letters.front();
}

inline Task<void> all_members_hear(const MulticastContract& contract) {
  const auto one = join(contract.one, contract.group);
  const auto other = join(contract.other, contract.group);
  const auto neighbor = join(contract.other, contract.group);
  CHECK(one->local_endpoint() == contract.group);
  const Bytes sent = random_bytes(1400, 1);
  co_await send(*one, contract.group, sent);
  for (DatagramSocket* const member : {one.get(), other.get(), neighbor.get()}) {
    const Letter letter = co_await receive_one(contract, *member);
    CHECK(letter.payload == sent);
    CHECK(letter.to == contract.group.address);
    CHECK(letter.from.port == contract.group.port);
    // On a loopback card the kernel chooses another card's address.
    const auto own = contract.one.network.interface_addresses();
    CHECK(std::ranges::find(own, letter.from.address) != own.end());
  }
}

// What they do hear comes after what they do not, so nobody has to wait for nothing.
inline Task<void> only_its_group(const MulticastContract& contract) {
  const auto one = join(contract.one, contract.group);
  const auto other = join(contract.other, contract.group);
  const auto outsider = join(contract.other, contract.other_group);
  const Bytes unheard = random_bytes(10, 1);
  const Bytes heard = random_bytes(20, 2);
  co_await send(*one, contract.other_group, unheard);
  co_await send(*one, contract.group, heard);
  const Letter at_other = co_await receive_one(contract, *other);
  const Letter at_outsider = co_await receive_one(contract, *outsider);
  CHECK(at_other.payload == heard);
  CHECK(at_outsider.payload == unheard);
}

inline Task<void> one_host_is_answered(const MulticastContract& contract) {
  const auto one = join(contract.one, contract.group);
  const auto other = join(contract.other, contract.group);
  const IpAddress any_own = any(contract.group.address);
  const auto asking = value_or_throw(contract.one.network.bind_udp({any_own, 0}));
  const Bytes sent = random_bytes(10, 1);
  const auto own = std::ranges::find(contract.one.interface.addresses, any_own.is_v4(), &IpAddress::is_v4);
  const Endpoint host{*own, asking->local_endpoint().port};
  co_await send(*other, host, sent);
  const Letter letter = co_await receive_one(contract, *asking);
  CHECK(letter.payload == sent);
  CHECK(letter.from.port == contract.group.port);
}

inline Task<void> members_leave(const MulticastContract& contract) {
  const auto one = join(contract.one, contract.group);
  auto other = join(contract.other, contract.group);
  std::vector<Letter> letters;
  Ending ending;
  TaskGroup group(contract.executor, "contract");
  group.spawn(note(receive_into(*other, 1, letters), ending));
  co_await contract.clock.sleep_for(20ms);
  other->close();
  co_await group.join();
  CHECK(ending.outcome.error() == Errc::kClosed);
  const Bytes sent = random_bytes(10, 1);
  const auto after = co_await as_result(send(*other, contract.group, sent));
  CHECK(after.error() == Errc::kClosed);
  other.reset();
  co_await send(*one, contract.group, sent);
  const auto again = join(contract.other, contract.group);
  co_await send(*one, contract.group, sent);
  const Letter letter = co_await receive_one(contract, *again);
  CHECK(letter.payload == sent);
}

inline Task<void> no_such_interface(const MulticastContract& contract) {
  NetworkInterface other = contract.one.interface;
  other.index += 1'000'000;
  CHECK(contract.one.network.join_multicast(contract.group, other).error() == Errc::kAddressNotAvailable);
  co_return;
}

}  // namespace contract_tests

// Call it in a TEST_CASE of its own, which makes everything anew for each of the subcases.
inline void check_multicast_contract(const MulticastContract& contract) {
  namespace test = contract_tests;
  struct Case {
    const char* what;
    Task<void> (*run)(const MulticastContract&);
  };
  static constexpr Case kCases[] = {
      {"all members hear what one says, itself included", test::all_members_hear},
      {"a member hears its own group only", test::only_its_group},
      {"one host can be answered alone", test::one_host_is_answered},
      {"who has left hears no more, and may come back", test::members_leave},
      {"an interface that is not there can't be joined", test::no_such_interface},
  };
  for (const Case& it : kCases) {
    SUBCASE(it.what) {
      contract.run(it.run(contract));
    }
  }
}

}  // namespace warren::sim
