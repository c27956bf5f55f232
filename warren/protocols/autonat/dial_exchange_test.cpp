// The conversation itself, failing at each step; and with those who come over a relay.
#include "warren/protocols/autonat/dial_exchange.hpp"

#include <doctest/doctest.h>

#include "warren/async/as_result.hpp"
#include "warren/async/task_group.hpp"
#include "warren/protocols/autonat/server.hpp"
#include "warren/protocols/relay/test_host.hpp"
#include "warren/sim/for_each_failure.hpp"

using namespace warren;
using namespace warren::autonat;

namespace {

constexpr std::uint64_t kPrice = 9000;

Task<void> send(ByteStream* stream, v2::Message message) {
  const Bytes bytes = v2::encode(message);
  co_await write_delimited(*stream, bytes);
}

// A server that wants to be paid, counts, and says that it has dialed.
Task<void> serve(ByteStream* stream) {
  co_await read_delimited(*stream, v2::kMessageSizeMax);
  const v2::DialDataRequest price{1, kPrice};
  co_await send(stream, price);
  for (std::uint64_t received = 0; received < kPrice;) {
    const Bytes bytes = co_await read_delimited(*stream, v2::kMessageSizeMax);
    const v2::Message message = value_or_throw(v2::decode(bytes));
    received += std::get<v2::DialDataResponse>(message).data.size();
  }
  const v2::DialResponse outcome{v2::ResponseStatus::kOk, 1, v2::DialStatus::kDialError};
  co_await send(stream, outcome);
  co_await stream->close_write();
}

Task<void> ask_once(sim::Loop& loop, sim::Faults& faults) {
  auto [left, right] = sim::pipe(loop, {.read_max = 1000, .faults = &faults});
  TaskGroup group(loop.executor(), "autonat");
  group.spawn(serve(right.get()));
  v2::DialRequest request{{Bytes{1}, Bytes{2}}, 7};
  auto asking = request_dial(*left, std::move(request), true);
  const auto got = co_await as_result(std::move(asking));
  left->reset();
  co_await group.join();
  const DialExchange exchange = value_or_throw(got);
  REQUIRE(exchange.response);
  CHECK(exchange.response->dial_status == v2::DialStatus::kDialError);
  CHECK(exchange.data_sent == 3 * v2::kDataChunkMax);
}

Task<Bytes> ask_raw(ByteStream* stream, Bytes request) {
  co_await write_delimited(*stream, request);
  const Bytes answer = co_await read_delimited(*stream, v2::kMessageSizeMax);
  co_await stream->close_write();
  co_return answer;
}

}  // namespace

TEST_CASE("a conversation that fails at any step ends, and is no answer") {
  // What the server does after its answer hurts nobody.
  const auto tolerant = [](std::uint64_t, const Result<>&) {};
  CHECK(sim::for_each_failure(ask_once, tolerant) > 20);
}

TEST_CASE("who comes over a relay is not dialed, at whatever address") {
  sim::World world(61);
  sim::Machine& machine = world.add_machine("server");
  relay::FakeHost host(world, machine), prober(world, machine);
  Limit dials("autonat_dials_max", "", 60), per_peer("autonat_dials_per_peer_max", "", 12);
  Server server(host, prober, {dials, per_peer});
  server.start();
  const std::string relayed =
      "/ip4/203.0.113.5/tcp/4001/p2p/" + testing::keyless_peer(9).to_string() + "/p2p-circuit";
  const auto link = host.come(1, relayed);
  for (const std::string_view text : {"/ip4/203.0.113.5/tcp/4001", "/ip4/192.0.2.99/tcp/4001"}) {
    const Bytes address = value_or_throw(Multiaddr::parse(text)).bytes();
    StreamPtr stream = host.speak(link, v2::kDialRequestProtocol);
    const Bytes second = world.run(ask_raw(stream.get(), v2::encode(v2::DialRequest{{address}, 7})));
    CHECK(to_hex(second) == "12020865");  // E_DIAL_REFUSED
    stream = host.speak(link, v1::kProtocol);
    const Bytes first = world.run(ask_raw(stream.get(), v1::encode(v1::Dial{{}, {address}})));
    CHECK(std::get<v1::DialResponse>(value_or_throw(v1::decode(first))).status == v1::Status::kDialRefused);
  }
  CHECK(prober.dials == 0);
  CHECK(dials.used() == 0);
  // The same from where it says it is.
  const auto direct = host.come(2, "/ip4/203.0.113.5/tcp/50000");
  const Bytes own = value_or_throw(Multiaddr::parse("/ip4/203.0.113.5/tcp/4001")).bytes();
  StreamPtr stream = host.speak(direct, v2::kDialRequestProtocol);
  world.run(ask_raw(stream.get(), v2::encode(v2::DialRequest{{own}, 7})));
  CHECK(prober.dials == 1);
  host.go_all();
  world.run(server.close());
}
