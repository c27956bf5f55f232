// Client and server, on simulated machines: what comes of questions of both versions, what they cost, and
// what a server that lies achieves.
#include <doctest/doctest.h>

#include "warren/async/as_result.hpp"
#include "warren/core/test_values.hpp"
#include "warren/protocols/autonat/test_service.hpp"

using namespace warren;
using namespace warren::autonat;
using namespace warren::testing;

namespace {

const Multiaddr kElsewhere = address("/ip4/192.0.2.9/tcp/4001");

struct Town {
  sim::World world{41};
  sim::Machine& far = world.add_machine("server", {test_ip("198.51.100.1")});
  // Two addresses: it dials from the first.
  sim::Machine& here = world.add_machine("asker", {test_ip("203.0.113.5"), test_ip("192.0.2.9")});
  TestService service{world, far};
  TestAsker asker{world, here};
  Multiaddr tcp = asker.node.listen("/tcp/4001").addresses.front();
  Multiaddr quic = asker.node.listen("/udp/4001/quic-v1").addresses.front();
  ConnectionPtr server = asker.meet(service.at_tcp);
};

using Liar = std::function<Task<void>(ConnectionPtr, StreamPtr)>;

Task<std::uint64_t> read_nonce(ByteStream* stream) {
  const Bytes request = co_await read_delimited(*stream, v2::kMessageSizeMax);
  const v2::Message message = value_or_throw(v2::decode(request));
  co_return std::get<v2::DialRequest>(message).nonce;
}

Task<void> reply(ByteStream* stream, v2::Message message) {
  const Bytes bytes = v2::encode(message);
  co_await write_delimited(*stream, bytes);
}

// Says "reachable" without having dialed.
Task<void> praise(StreamPtr stream) {
  co_await read_nonce(stream.get());
  v2::DialResponse ok{v2::ResponseStatus::kOk, 0, v2::DialStatus::kOk};
  co_await reply(stream.get(), ok);
  co_await read_to_end(*stream, 100);
}

// The same, and sends a nonce over the connection that is there already.
Task<void> praise_over_old_connection(ConnectionPtr connection, StreamPtr stream, std::uint64_t add,
                                      bool* refused) {
  const std::uint64_t nonce = co_await read_nonce(stream.get()) + add;
  StreamPtr back = co_await connection->open_stream(ProtocolId(v2::kDialBackProtocol));
  const Bytes bytes = v2::encode_dial_back(nonce);
  co_await write_delimited(*back, bytes);
  auto end = read_to_end(*back, 100);
  const auto ended = co_await as_result(std::move(end));
  *refused = !ended;
  v2::DialResponse ok{v2::ResponseStatus::kOk, 0, v2::DialStatus::kOk};
  co_await reply(stream.get(), ok);
  co_await read_to_end(*stream, 100);
}

// Answers with these bytes.
Task<void> answer_with(StreamPtr stream, Bytes bytes) {
  co_await read_nonce(stream.get());
  co_await stream->write(bytes);
  co_await stream->close_write();
}

}  // namespace

TEST_CASE_FIXTURE(Town, "an address that is open is reachable, with proof, over each transport") {
  for (const Multiaddr& address : {tcp, quic}) {
    CAPTURE(address.to_string());
    const Answer answer = asker.ask(server, {address});
    CHECK(answer.finding == Finding::kReachable);
    CHECK(answer.proven);
    CHECK(answer.address == address);
    REQUIRE(answer.dialed_from);
    // From a socket that is not the one the server listens on, so that no hole in a NAT lets it in.
    CHECK(socket_of(*answer.dialed_from)->endpoint.address == test_ip("198.51.100.1"));
    CHECK(socket_of(*answer.dialed_from)->endpoint.port != 4001);
    CHECK(answer.data_sent == 0);
  }
  CHECK(service.server.counters().reachable == 2);
  world.loop().advance(1s);
  CHECK(service.prober.host.connections().empty());
  CHECK(asker.node.host.connections().size() == 1);
}

TEST_CASE_FIXTURE(Town, "an address that is shut is unreachable, and of a list the first one counts") {
  const Multiaddr shut = address("/ip4/203.0.113.5/tcp/4999");
  const Answer answer = asker.ask(server, {shut, tcp});
  CHECK(answer.finding == Finding::kUnreachable);
  CHECK(answer.address == shut);
  CHECK(answer.why == "E_DIAL_ERROR");
  const Answer second = asker.ask(server, {address("/ip4/10.0.0.1/tcp/4001"), tcp, shut});
  CHECK(second.finding == Finding::kReachable);
  CHECK(second.address == tcp);
}

TEST_CASE_FIXTURE(Town, "silence is unreachable, within some seconds") {
  const Instant began = world.clock().now();
  const Answer answer = asker.ask(server, {address("/ip4/203.0.113.5/udp/4999/quic-v1")});
  CHECK(answer.finding == Finding::kUnreachable);
  CHECK(world.clock().now() - began < 3500ms);
}

TEST_CASE_FIXTURE(Town, "what must not be dialed is refused, and that is no verdict") {
  const Answer answer =
      asker.ask(server, {address("/ip4/10.0.0.1/tcp/4001"), address("/ip4/127.0.0.1/tcp/22"),
                         address("/ip4/198.51.100.1/tcp/4001")});
  CHECK(answer.finding == Finding::kRefused);
  CHECK(answer.error == Errc::kDialBackRefused);
  CHECK_FALSE(answer.overloaded);
  CHECK(answer.why == "E_DIAL_REFUSED");
  CHECK(service.server.counters().dialed == 0);
  CHECK(asker.ask(server, {}).finding == Finding::kRefused);
}

TEST_CASE_FIXTURE(Town, "an address of another IP costs 30 to 100 KB, or is not dialed") {
  asker.node.host.listen(kElsewhere);
  const Answer unpaid = asker.ask(server, {kElsewhere}, false);
  CHECK(unpaid.finding == Finding::kRefused);
  CHECK(service.server.counters().dialed == 0);
  const Answer paid = asker.ask(server, {kElsewhere});
  CHECK(paid.finding == Finding::kReachable);
  CHECK(paid.address == kElsewhere);
  CHECK(paid.data_sent >= v2::kDialDataMin);
  CHECK(paid.data_sent < v2::kDialDataMax + v2::kDataChunkMax);
  CHECK(service.server.counters().data_wanted == 2);
}

TEST_CASE_FIXTURE(Town, "a peer gets a dozen dials a minute, one after the other") {
  std::vector<Answer> answers;
  for (int i = 0; i < 13; ++i) answers.push_back(asker.ask(server, {tcp}));
  CHECK(answers[11].finding == Finding::kReachable);
  CHECK(answers[12].finding == Finding::kRefused);
  CHECK(answers[12].overloaded);
  CHECK(answers[12].why == "E_REQUEST_REJECTED");
  CHECK(service.per_peer.use().refused == 1);
  CHECK(service.dials.used() == 12);
  world.loop().advance(1min);
  CHECK(asker.ask(server, {tcp}).finding == Finding::kReachable);
}

TEST_CASE_FIXTURE(Town, "two questions of one peer get an answer each, a third at the same time none") {
  std::vector<Answer> answers(3);
  TaskGroup group(here.env().executor, "test");
  const auto into = [](Client* client, ConnectionPtr to, Multiaddr address, Answer* answer) -> Task<void> {
    std::vector<Multiaddr> addresses(1, address);
    *answer = co_await client->ask(to, std::move(addresses));
  };
  const std::vector<Multiaddr> asked = {address("/ip4/203.0.113.5/udp/4999/quic-v1"), tcp, quic};
  for (std::size_t i = 0; i < 3; ++i) group.spawn(into(&asker.client, server, asked[i], &answers[i]));
  world.run(group.join());
  CHECK(answers[0].finding == Finding::kUnreachable);
  CHECK(answers[1].finding == Finding::kReachable);
  CHECK(answers[1].address == tcp);
  CHECK(answers[2].overloaded);
  world.run(group.close());
}

TEST_CASE_FIXTURE(Town, "who leaves in the middle leaves nothing behind") {
  TaskGroup group(here.env().executor, "test");
  const auto ask = [](Client* client, ConnectionPtr to, Multiaddr address) -> Task<void> {
    std::vector<Multiaddr> addresses(1, address);
    std::ignore = co_await client->ask(to, std::move(addresses));
  };
  world.set_delay(far, here, 500ms);
  group.spawn(ask(&asker.client, server, tcp));
  world.loop().advance(1200ms);  // the dial is under way
  world.run(group.close());
  server->close();
  world.loop().advance(10s);
  CHECK(service.prober.host.connections().empty());
  CHECK(asker.node.host.connections().empty());
  CHECK(service.server.counters().dialed == 1);
}

TEST_CASE_FIXTURE(Town, "who does not take dial-backs gets no verdict") {
  world.run(asker.client.close());
  const Answer answer = asker.ask(server, {tcp});
  CHECK(answer.finding == Finding::kFailed);
  CHECK(answer.why == "E_DIAL_BACK_ERROR, but no dial-back has come");
}

TEST_CASE_FIXTURE(Town, "v1: open, shut, and what is not dialed") {
  const Answer open = asker.ask_v1(server, {tcp});
  CHECK(open.finding == Finding::kReachable);
  CHECK_FALSE(open.proven);
  CHECK(open.address == tcp);
  const Instant began = world.clock().now();
  const Answer shut = asker.ask_v1(server, {address("/ip4/203.0.113.5/tcp/4999")});
  CHECK(shut.finding == Finding::kUnreachable);
  CHECK(shut.why == "E_DIAL_ERROR: dial failed");
  CHECK(world.clock().now() - began >= 3s);  // it might be a scan
  // An interface's address stands for the port: it is dialed where the server sees us, and nowhere else.
  CHECK(asker.ask_v1(server, {address("/ip4/192.168.1.7/tcp/4001")}).address == tcp);
  asker.node.host.listen(address("/ip4/192.0.2.9/tcp/7001"));
  CHECK(asker.ask_v1(server, {address("/ip4/192.0.2.9/tcp/7001")}).finding == Finding::kUnreachable);
  CHECK(asker.ask_v1(server, {address("/dns4/victim.example/tcp/80")}).finding == Finding::kRefused);
  CHECK(asker.ask_v1(server, {}).finding == Finding::kRefused);
}

TEST_CASE_FIXTURE(Town, "a private network dials private addresses, if that is what it is") {
  sim::Machine& inside = world.add_machine("inside", {test_ip("10.0.0.1")});
  sim::Machine& beside = world.add_machine("beside", {test_ip("10.0.0.2")});
  for (const bool is_private : {false, true}) {
    TestService lan(world, inside, {.private_networks = is_private});
    TestAsker node(world, beside);
    const Multiaddr address = node.node.listen("/tcp/0").addresses.front();
    const ConnectionPtr connection = node.meet(lan.at_tcp);
    const Finding expected = is_private ? Finding::kReachable : Finding::kRefused;
    CHECK(node.ask(connection, {address}).finding == expected);
    CHECK(node.ask_v1(connection, {address}).finding == expected);
  }
}

TEST_CASE_FIXTURE(Town, "a server that praises without dialing is not believed") {
  TestNode& liar = service.node;
  const ProtocolId protocol(v2::kDialRequestProtocol);
  liar.host.handle(protocol, [](ConnectionPtr, StreamPtr stream) { return praise(std::move(stream)); });
  Answer answer = asker.ask(server, {tcp});
  CHECK(answer.finding == Finding::kFailed);
  CHECK(answer.address == tcp);
  CHECK(answer.why == "OK, but no dial-back has come");
  // The right nonce over the connection that was there, or a wrong one, shows nothing.
  for (const std::uint64_t add : {0, 1}) {
    bool refused = false;
    liar.host.handle(protocol, [&refused, add](ConnectionPtr connection, StreamPtr stream) {
      return praise_over_old_connection(std::move(connection), std::move(stream), add, &refused);
    });
    answer = asker.ask(server, {tcp});
    CHECK(answer.finding == Finding::kFailed);
    CHECK(refused);
  }
}

TEST_CASE_FIXTURE(Town, "answers that mean nothing are no verdict, and end in time") {
  const auto framed = [](const v2::Message& message) {
    const Bytes bytes = v2::encode(message);
    Bytes out = {static_cast<std::uint8_t>(bytes.size())};
    append(out, bytes);
    return out;
  };
  const std::vector<Bytes> table = {
      {},
      {0},
      {0xff, 0xff, 0xff, 0xff, 0x0f},
      {3, 1, 2, 3},
      framed(v2::DialRequest{}),
      framed(v2::DialResponse{}),
      framed(v2::DialResponse{v2::ResponseStatus::kOk, 1, v2::DialStatus::kDialError}),
      framed(v2::DialResponse{v2::ResponseStatus::kOk, 0, v2::DialStatus::kUnused}),
      framed(v2::DialResponse{static_cast<v2::ResponseStatus>(7), 0, v2::DialStatus::kOk}),
      framed(v2::DialDataRequest{1, 100}),
      framed(v2::DialDataRequest{0, 30'000}),  // and nothing after it
  };
  for (const Bytes& bytes : table) {
    CAPTURE(to_hex(bytes));
    service.node.host.handle(ProtocolId(v2::kDialRequestProtocol), [&](ConnectionPtr, StreamPtr stream) {
      return answer_with(std::move(stream), bytes);
    });
    const Instant began = world.clock().now();
    const Answer answer = asker.ask(server, {tcp});
    CHECK(answer.finding == Finding::kFailed);
    CHECK(answer.error);
    CHECK(world.clock().now() - began <= kAskTimeout);
  }
  // More than the specification allows is not paid.
  service.node.host.handle(ProtocolId(v2::kDialRequestProtocol), [&](ConnectionPtr, StreamPtr stream) {
    return answer_with(std::move(stream), framed(v2::DialDataRequest{0, v2::kDialDataMax + 1}));
  });
  CHECK(asker.ask(server, {tcp}).finding == Finding::kRefused);
}
