// What a client says to its relay, and what it makes of the answers.
#include "warren/protocols/relay/hop.hpp"

#include <doctest/doctest.h>

#include "warren/async/as_result.hpp"
#include "warren/async/cancellation.hpp"
#include "warren/async/task_group.hpp"
#include "warren/core/test_values.hpp"
#include "warren/protocols/relay/circuit_address.hpp"
#include "warren/protocols/relay/circuit_stream.hpp"
#include "warren/sim/for_each_failure.hpp"
#include "warren/sim/pipe.hpp"

using namespace warren;
using namespace warren::relay;
using namespace warren::testing;

namespace {

HopMessage status(Status status) {
  HopMessage message;
  message.type = HopMessage::Type::kStatus;
  message.status = status;
  return message;
}

// A relay that gives this answer, and the first bytes of the circuit in the same write.
Task<void> answer(ByteStream* stream, Bytes with) {
  co_await read_delimited(*stream, kMessageSizeMax);
  co_await stream->write(with);
}

Bytes framed(const HopMessage& message, std::string_view then = {}) {
  const Bytes encoded = encode(message);
  Bytes bytes = {static_cast<std::uint8_t>(encoded.size())};
  append(bytes, encoded);
  append(bytes, to_bytes(then));
  return bytes;
}

Task<std::string> circuit_with(sim::Loop& loop, Bytes answered) {
  auto [left, right] = sim::pipe(loop);
  TaskGroup group(loop.executor(), "relay");
  group.spawn(answer(right.get(), std::move(answered)));
  const auto limits = co_await as_result(ask_for_circuit(*left, peer_of(1)));
  std::string first(5, ' ');
  if (limits) {
    Bytes read(5);
    co_await read_exactly(*left, read);
    first = to_text(read);
  }
  co_await group.close();
  value_or_throw(limits);
  co_return first;
}

Task<void> reserve_once(sim::Loop& loop, sim::Faults& faults) {
  auto [left, right] = sim::pipe(loop, {.read_max = 1, .faults = &faults});
  HopMessage granted = status(Status::kOk);
  granted.reservation.emplace();
  granted.reservation->expires = 7;
  granted.limit.bytes_max = 9;
  const Bytes bytes = framed(granted);
  TaskGroup group(loop.executor(), "relay");
  group.spawn(answer(right.get(), bytes));
  const auto got = co_await as_result(ask_for_reservation(*left));
  left->reset();
  co_await group.join();
  const GrantedReservation reservation = value_or_throw(got);
  CHECK(reservation.reservation.expires == 7);
  CHECK(reservation.limits.bytes_max == 9);
}

Task<void> connect_once(sim::Loop& loop, sim::Faults& faults) {
  auto [left, right] = sim::pipe(loop, {.read_max = 1, .faults = &faults});
  const Bytes bytes = framed(status(Status::kOk));
  TaskGroup group(loop.executor(), "relay");
  group.spawn(answer(right.get(), bytes));
  const auto got = co_await as_result(ask_for_circuit(*left, peer_of(1)));
  left->reset();
  co_await group.join();
  value_or_throw(got);
}

Errc error_after(const HopMessage& message) {
  sim::Loop loop;
  const auto outcome = loop.run(as_result(circuit_with(loop, framed(message))));
  REQUIRE_FALSE(outcome);
  return static_cast<Errc>(outcome.error().value());
}

}  // namespace

TEST_CASE("a circuit begins right behind the relay's answer, even in the same packet") {
  sim::Loop loop;
  CHECK(loop.run(circuit_with(loop, framed(status(Status::kOk), "hello"))) == "hello");
}

TEST_CASE("what a relay refuses is an error of its own kind") {
  CHECK(error_after(status(Status::kNoReservation)) == Errc::kNoReservation);
  CHECK(error_after(status(Status::kPermissionDenied)) == Errc::kRelayDenied);
  CHECK(error_after(status(Status::kResourceLimitExceeded)) == Errc::kRelayFull);
  CHECK(error_after(status(Status::kConnectionFailed)) == Errc::kRelayFailed);
  CHECK(error_after(status(static_cast<Status>(999))) == Errc::kRelayFailed);
  HopMessage none;
  none.type = HopMessage::Type::kStatus;
  CHECK(error_after(none) == Errc::kRelayFailed);
  HopMessage another = status(Status::kOk);
  another.type = HopMessage::Type::kReserve;
  CHECK(error_after(another) == Errc::kRelayFailed);
}

TEST_CASE("conversations with a relay fail at each step without a hang") {
  const auto tolerant = [](std::uint64_t, const Result<>&) {};  // the relay's last steps hurt nobody
  CHECK(sim::for_each_failure(reserve_once, tolerant) > 10);
  CHECK(sim::for_each_failure(connect_once, tolerant) > 10);
}

TEST_CASE("addresses of relayed paths") {
  const std::string relay = peer_of(1).to_string();
  const std::string peer = peer_of(2).to_string();
  const std::string via = "/ip4/192.0.2.1/udp/4001/quic-v1";
  const auto whole = CircuitAddress::of(address(via + "/p2p/" + relay + "/p2p-circuit/p2p/" + peer));
  REQUIRE(whole);
  CHECK(whole->via == address(via));
  CHECK(whole->relay == peer_of(1));
  CHECK(whole->peer == peer_of(2));
  CHECK(circuit_through(whole->via, whole->relay) == address(via + "/p2p/" + relay + "/p2p-circuit"));
  const auto bare = CircuitAddress::of(address("/p2p/" + relay + "/p2p-circuit"));
  REQUIRE(bare);
  CHECK(bare->via.empty());
  CHECK_FALSE(bare->peer);
  for (const std::string& bad : {
           via,
           via + "/p2p-circuit/p2p/" + peer,
           std::string("/p2p-circuit"),
           "/p2p/" + relay + "/ip4/192.0.2.1/tcp/1/p2p-circuit/p2p/" + peer,
           "/p2p/" + relay + "/p2p-circuit/p2p/" + peer + "/p2p-circuit/p2p/" + peer,
           "/p2p/" + relay + "/p2p-circuit/ip4/192.0.2.1/tcp/1/p2p/" + peer,
       }) {
    CAPTURE(bad);
    CHECK_FALSE(CircuitAddress::of(address(bad)));
  }
}

namespace {

Task<void> use_up(sim::Loop& loop) {
  auto [left, right] = sim::pipe(loop);
  const auto budget =
      std::make_shared<CircuitBudget>(budget_of({.time_max = 60s, .bytes_max = 10}, loop.clock().now()));
  CircuitStream circuit(std::move(left), budget, loop.clock());
  CHECK(budget->is_limited());
  CHECK(budget->ends == loop.clock().now() + 60s);
  const Bytes six(6);
  co_await circuit.write(six);
  CHECK(budget->left_to_send() == 4);
  CHECK(budget->left_to_receive() == 10);
  co_await right->write(six);
  Bytes got(6);
  co_await read_exactly(circuit, got);
  CHECK(budget->left_to_receive() == 4);
  right->reset();
  const auto ended = co_await as_result(circuit.read_some(got));
  CHECK(ended.error() == Errc::kLimitedByBudget);  // the sum of both, as some relays count
}

// How a circuit that is reset after so long ends.
Task<std::error_code> reset_after(sim::Loop& loop, Duration time) {
  auto [left, right] = sim::pipe(loop);
  const auto budget =
      std::make_shared<CircuitBudget>(budget_of({.time_max = 60s, .bytes_max = 0}, loop.clock().now()));
  CircuitStream circuit(std::move(left), budget, loop.clock());
  co_await loop.clock().sleep_for(time);
  right->reset();
  Bytes got(1);
  const auto ended = co_await as_result(circuit.read_some(got));
  const auto written = co_await as_result(circuit.write(got));
  CHECK(written.error() == ended.error());
  co_return ended.error();
}

}  // namespace

TEST_CASE("a circuit knows what is left, and whether that was why it ended") {
  sim::Loop loop;
  loop.run(use_up(loop));
  CHECK(loop.run(reset_after(loop, 30s)) == Errc::kReset);
  CHECK(loop.run(reset_after(loop, 60s)) == Errc::kLimitedByBudget);
  CHECK_FALSE(budget_of({}, loop.clock().now()).is_limited());
}
