// Nodes that find out about their NAT by asking others over a simulated network, and those that misuse who
// answers.
#include <doctest/doctest.h>

#include "warren/async/as_result.hpp"
#include "warren/base/writer.hpp"
#include "warren/core/test_values.hpp"
#include "warren/protocols/stun/client.hpp"
#include "warren/protocols/stun/server.hpp"
#include "warren/protocols/stun/test_town.hpp"
#include "warren/sim/router.hpp"
#include "warren/swarm/test_node.hpp"

using namespace warren;
using namespace warren::stun;
using namespace warren::stun::test;
using namespace warren::testing;

namespace {

void listen_everywhere(TestNode& node) {
  for (const std::string_view address : {"/ip4/0.0.0.0/udp/4001/quic-v1", "/ip4/0.0.0.0/tcp/4001"}) {
    value_or_throw(node.host.listen(value_or_throw(Multiaddr::parse(address))));
  }
}

// A node that serves STUN.
struct StunNode {
  explicit StunNode(sim::Machine& machine) : node(machine) {
    listen_everywhere(node);
    server.start();
  }
  PeerInfo info(std::string_view transport) const {
    const std::string address = "/ip4/" + node.machine.address().to_string() + std::string(transport);
    return {node.host.peer_id(), {value_or_throw(Multiaddr::parse(address))}};
  }
  Endpoint primary() const { return {node.machine.address(), 4001}; }

  TestNode node;
  Limit all{"stun_answers_max", "", 200};
  Limit per_ip{"stun_answers_per_ip_max", "", 10};
  Server server{node.host, node.quic, all, per_ip};
};

struct Street {
  ~Street() {
    for (StunNode* each : {&node_a, &node_b}) world.run(each->server.close());
    if (alice) world.run(alice->host.close());
    for (StunNode* each : {&node_a, &node_b}) world.run(each->node.host.close());
  }

  // Alice's machine is behind such a router; without a name, in the open.
  void settle(std::string_view router, bool hairpin = false) {
    sim::Machine* machine = nullptr;
    if (router.empty()) {
      machine = &world.add_machine("alice");
    } else {
      sim::NatOptions options = sim::NatOptions::of_type(router).value();
      options.hairpin = hairpin;
      home = &world.add_router("home", options, ip("203.0.113.1"));
      machine = &world.add_machine_behind(*home, "alice");
    }
    alice = std::make_unique<TestNode>(*machine);
    listen_everywhere(*alice);
    client = std::make_unique<Client>(alice->host, alice->quic);
  }
  // Connected, and described as after identify.
  ConnectionPtr meet(StunNode& server, std::string_view transport) {
    ConnectionPtr connection = world.run(alice->host.connect(server.info(transport)));
    alice->peerstore.set_description(
        server.node.host.peer_id(),
        {.protocols = {ProtocolId(kProtocol)}, .agent_version = {}, .protocol_version = {}});
    return connection;
  }
  NatReport survey(std::vector<Endpoint> configured = {}) {
    const Instant begin = world.clock().now();
    told.clear();
    const auto on_mapped = [this, begin](const NatReport& report) {
      told.push_back(report);
      told_after = world.clock().now() - begin;
    };
    const auto reports = world.run(client->survey(std::move(configured), on_mapped));
    took = world.clock().now() - begin;
    REQUIRE(reports.size() == 1);
    return reports.front();
  }
  ProbeResponse ask(const ConnectionPtr& connection, ProbeRequest request) {
    return world.run(ask_over(connection, encode(request)));
  }
  static Task<ProbeResponse> ask_over(ConnectionPtr connection, Bytes request) {
    StreamPtr stream = co_await connection->open_stream(ProtocolId(kProtocol));
    co_await write_delimited(*stream, request);
    const Bytes answer = co_await read_delimited(*stream, kProbeResponseSizeMax);
    co_return value_or_throw(decode_probe_response(answer));
  }

  sim::World world{5};
  StunNode node_a{world.add_machine("a", {ip("198.51.100.10")})};
  StunNode node_b{world.add_machine("b", {ip("198.51.100.20")})};
  sim::Router* home = nullptr;
  std::unique_ptr<TestNode> alice;
  std::unique_ptr<Client> client;
  Duration took{};
  std::vector<NatReport> told{};  // before the end
  Duration told_after{};
};

// Sends datagrams from a socket of its own, and keeps what comes.
struct Stranger {
  explicit Stranger(sim::World& the_world, const std::string& name = "stranger",
                    std::vector<IpAddress> addresses = {}, std::uint16_t port = 32853)
      : world(the_world),
        machine(world.add_machine(name, std::move(addresses))),
        socket(value_or_throw(machine.env().network.bind_udp({IpAddress(), port}))) {}

  void send(const Endpoint& to, BytesView datagram) {
    world.run(socket->send(IpAddress(), to, datagram, datagram.size(), Ecn::kNotCapable));
    sent += datagram.size();
  }
  // Where the next one comes from, and what it is; nothing within a second.
  std::optional<std::pair<Endpoint, Bytes>> receive() {
    auto received = world.run(as_result(with_timeout(world.clock(), 1s, receive_one())));
    return received ? std::optional(std::move(*received)) : std::nullopt;
  }
  Task<std::pair<Endpoint, Bytes>> receive_one() {
    while (waiting.empty()) {
      const std::span<const Datagram> datagrams = co_await socket->receive();
      for (const Datagram& each : datagrams) {
        waiting.emplace_back(each.from, to_bytes(each.payload));
        received_bytes += each.payload.size();
      }
    }
    auto next = std::move(waiting.front());
    waiting.erase(waiting.begin());
    co_return next;
  }

  sim::World& world;
  sim::Machine& machine;
  std::unique_ptr<DatagramSocket> socket;
  std::vector<std::pair<Endpoint, Bytes>> waiting;
  std::uint64_t sent = 0;
  std::uint64_t received_bytes = 0;
};

Bytes request(std::optional<ChangeRequest> change = {}) {
  Message message{.kind = Class::kRequest, .id = {9}, .software = std::string(76, 'x')};
  message.change = change;
  return encode(message);
}

}  // namespace

TEST_CASE("a node behind each kind of NAT learns which it is from two peers") {
  using enum Behavior;
  struct Kind {
    std::string_view name;
    Behavior mapping;
    Behavior filtering;
  };
  const std::vector<Kind> kinds{
      {"full-cone", kEndpointIndependent, kEndpointIndependent},
      {"address-restricted", kEndpointIndependent, kAddressDependent},
      {"port-restricted", kEndpointIndependent, kAddressAndPortDependent},
      {"symmetric-sequential", kAddressAndPortDependent, kAddressAndPortDependent},
      {"symmetric-random", kAddressAndPortDependent, kAddressAndPortDependent},
  };
  for (const std::string_view transport : {"/udp/4001/quic-v1", "/tcp/4001"}) {
    for (const Kind& kind : kinds) {
      CAPTURE(transport);
      CAPTURE(kind.name);
      Street street;
      street.settle(kind.name);
      street.meet(street.node_a, transport);
      street.meet(street.node_b, transport);
      // Twice: what the first survey opened does not mislead the second.
      for (int round = 0; round < 2; ++round) {
        const NatReport report = street.survey();
        CHECK(report.udp);
        CHECK(report.mapped->address == street.home->outside());
        CHECK(to_string(report.mapping) == to_string(kind.mapping));
        CHECK(to_string(report.filtering) == to_string(kind.filtering));
        CHECK(report.hairpin == false);
        CHECK(street.took <= 1500ms);
      }
    }
  }
}

TEST_CASE_FIXTURE(Street, "hairpinning is found") {
  settle("port-restricted", true);
  meet(node_a, "/tcp/4001");
  meet(node_b, "/tcp/4001");
  CHECK(survey().hairpin == true);
}

TEST_CASE("where everybody sees the same port, that is told a second before the survey ends") {
  for (const std::string_view transport : {"/udp/4001/quic-v1", "/tcp/4001"}) {
    for (const std::string_view router : {"port-restricted", "symmetric-sequential", "udp-blocked"}) {
      CAPTURE(transport);
      CAPTURE(router);
      Street street;
      street.settle(router);
      if (router == "udp-blocked" && transport != "/tcp/4001") continue;
      street.meet(street.node_a, transport);
      street.meet(street.node_b, transport);
      const NatReport report = street.survey();
      if (router != "port-restricted") {
        CHECK(street.told.empty());
        continue;
      }
      REQUIRE(street.told.size() == 1);
      CHECK(street.told.front().mapped == report.mapped);
      CHECK(street.told.front().mapping == Behavior::kEndpointIndependent);
      CHECK(street.told_after < 200ms);
      CHECK(street.took > street.told_after + 700ms);
    }
  }
}

TEST_CASE_FIXTURE(Street, "a node in the open sees its own address") {
  settle("");
  meet(node_a, "/udp/4001/quic-v1");
  meet(node_b, "/udp/4001/quic-v1");
  const NatReport report = survey();
  CHECK(report.is_own_address);
  CHECK(report.mapped == Endpoint{alice->machine.address(), 4001});
  CHECK(report.mapping == Behavior::kEndpointIndependent);
  CHECK(report.filtering == Behavior::kEndpointIndependent);
}

TEST_CASE_FIXTURE(Street, "where no UDP passes the survey says so within three seconds") {
  settle("udp-blocked");
  meet(node_a, "/tcp/4001");
  meet(node_b, "/tcp/4001");
  CHECK_FALSE(survey().udp);
  CHECK(took <= 3s);
}

TEST_CASE_FIXTURE(Street, "configured servers are asked, and without anybody there is no report") {
  settle("full-cone");
  CHECK(world.run(client->survey({})).empty());
  const NatReport report = survey({node_a.primary(), node_b.primary()});
  CHECK(report.mapping == Behavior::kEndpointIndependent);
  CHECK(report.filtering == Behavior::kUnknown);  // neither can send from elsewhere
  // A survey that is called off leaves nothing behind.
  auto called_off = client->survey({{ip("198.51.100.99"), 3478}});
  CHECK(world.run(as_result(with_timeout(world.clock(), 100ms, std::move(called_off)))).error() ==
        Errc::kTimedOut);
  CHECK(survey({node_a.primary()}).udp);
}

TEST_CASE_FIXTURE(Street, "a server with two addresses answers as RFC 5780 wants it") {
  settle("address-restricted");
  StunNode rich{world.add_machine("rich", {ip("198.51.100.30"), ip("198.51.100.31")})};
  const NatReport report = survey({rich.primary()});
  CHECK(report.servers.size() == 3);
  CHECK(report.mapping == Behavior::kEndpointIndependent);
  CHECK(report.filtering == Behavior::kAddressDependent);
  world.run(rich.server.close());
  world.run(rich.node.host.close());
}

TEST_CASE_FIXTURE(Street, "the answer comes from the address that was asked") {
  Stranger stranger(world, "stranger", {ip("192.0.2.1")});
  StunNode rich{world.add_machine("rich", {ip("198.51.100.30"), ip("198.51.100.31")})};
  const std::uint16_t other = rich.server.alternates().at(0).port;
  CHECK(other == 14001);
  for (const Endpoint& asked : {Endpoint{ip("198.51.100.30"), 4001}, Endpoint{ip("198.51.100.31"), 4001},
                                Endpoint{ip("198.51.100.31"), other}}) {
    stranger.send(asked, request());
    auto answer = stranger.receive();
    REQUIRE(answer);
    CHECK(answer->first == asked);
    CHECK(decode(answer->second)->seen() == Endpoint{ip("192.0.2.1"), 32853});
    CHECK(decode(answer->second)->origin == asked);

    stranger.send(asked, request(ChangeRequest{.address = true, .port = true}));
    answer = stranger.receive();
    REQUIRE(answer);
    CHECK(answer->first.address != asked.address);
    CHECK(answer->first.port == (asked.port == 4001 ? other : 4001));
  }
  // RFC 5769's sample address, to who sends nothing but a header: at the second try.
  stranger.send(node_a.primary(), hex(kBareRequest));
  CHECK_FALSE(stranger.receive());
  stranger.send(node_a.primary(), hex(kBareRequest));
  CHECK(to_hex(stranger.receive()->second) ==
        "0101000c2112a442b7e7a701bc34d686fa87dfae002000080001a147e112a643");
  world.run(rich.server.close());
  world.run(rich.node.host.close());
}

TEST_CASE_FIXTURE(Street, "a flood of requests gets fewer bytes than it sends, and others their answers") {
  Stranger stranger(world), other(world, "other");
  for (int i = 0; i < 3000; ++i) stranger.send(node_a.primary(), i % 2 == 0 ? request() : hex(kBareRequest));
  for (int i = 0; i < 100; ++i) stranger.send(node_a.primary(), Bytes(1200, 0));
  other.send(node_a.primary(), request());
  CHECK(other.receive());
  while (stranger.receive()) {
  }
  CHECK(stranger.received_bytes > 0);
  CHECK(stranger.received_bytes <= stranger.sent);
  CHECK(stranger.received_bytes <= 10 * request().size() * 2);  // ten a second
  CHECK(node_a.server.answering().bytes_answered() <= node_a.server.answering().bytes_received());
  CHECK(node_a.per_ip.use().refused > 2000);
}

TEST_CASE_FIXTURE(Street, "nobody can have datagrams sent to others") {
  settle("");
  Stranger victim(world, "victim", {ip("192.0.2.77")}, 4001);
  const ConnectionPtr connection = meet(node_a, "/tcp/4001");
  const IpAddress own = alice->machine.address();
  ProbeRequest::Probe probe{.token = {1}, .target = {ip("192.0.2.77"), 4001}};
  for (const Endpoint& target :
       {Endpoint{ip("192.0.2.77"), 4001}, Endpoint{ip("127.0.0.1"), 4001}, Endpoint{ip("10.0.0.1"), 4001},
        Endpoint{ip("169.254.169.254"), 4001}, Endpoint{ip("::ffff:192.0.2.77"), 4001}, Endpoint{own, 53},
        Endpoint{own, 1023}}) {
    CAPTURE(target.to_string());
    probe.target = target;
    for (const bool alternate : {false, true}) {
      probe.from_alternate = alternate;
      CHECK(ask(connection, {probe}).status == ProbeStatus::kRefused);
    }
  }
  CHECK_FALSE(victim.receive());

  // To the asker itself, one datagram for a request, so many in a second; its 20 bytes are fewer than those
  // of the request.
  auto socket = value_or_throw(alice->machine.env().network.bind_udp({IpAddress(), 5000}));
  probe.target = {own, 5000};
  int sent = 0, limited = 0;
  for (int i = 0; i < 40; ++i) {
    const auto status = ask(connection, {probe}).status;
    if (status == ProbeStatus::kOk) ++sent;
    if (status == ProbeStatus::kRateLimited) ++limited;
  }
  CHECK(limited > 0);
  CHECK(sent + limited == 40);
  const auto datagrams = world.run(socket->receive());
  REQUIRE_FALSE(datagrams.empty());
  CHECK(to_hex(datagrams.front().payload) == "001100002112a442010000000000000000000000");
  CHECK(datagrams.front().from == Endpoint{node_a.primary().address, node_a.server.alternates().at(0).port});
}

TEST_CASE_FIXTURE(Street, "a server that was closed can be started again") {
  Stranger stranger(world);
  world.run(node_a.server.close());
  CHECK(node_a.server.alternates().empty());
  stranger.send(node_a.primary(), request());
  CHECK_FALSE(stranger.receive());
  node_a.server.start();
  stranger.send(node_a.primary(), request());
  CHECK(stranger.receive());
  CHECK(node_a.server.alternates().size() == 1);
}

TEST_CASE_FIXTURE(Street, "what is no request ends its stream, and nothing else") {
  settle("");
  const ConnectionPtr connection = meet(node_a, "/tcp/4001");
  for (const std::string_view bytes : {"0a0c0102", "ffffffffffffffffffff", "0a0101", "1204c0000201"}) {
    CAPTURE(bytes);
    CHECK_FALSE(world.run(as_result(ask_over(connection, hex(bytes)))));
  }
  CHECK_FALSE(world.run(as_result(ask_over(connection, Bytes(100'000)))));
  CHECK(connection->is_open());
  const ProbeResponse response = ask(connection, {});
  CHECK(response.status == ProbeStatus::kOk);
  REQUIRE(response.offers.size() == 1);
  CHECK(response.offers[0] == Offer{.address = std::nullopt, .port = 4001, .alternate_port = 14001});
}

TEST_CASE("over IPv6, and both families at once") {
  sim::World world{6};
  const auto listen = [](TestNode& node) {
    for (const std::string_view address : {"/ip4/0.0.0.0/udp/4001/quic-v1", "/ip6/::/udp/4001/quic-v1"}) {
      value_or_throw(node.host.listen(value_or_throw(Multiaddr::parse(address))));
    }
  };
  TestNode node(world.add_machine("server", {ip("198.51.100.10"), ip("2001:db8::10"), ip("2001:db8::11")}));
  TestNode asker(world.add_machine("asker", {ip("198.51.100.20"), ip("2001:db8::20")}));
  listen(node);
  listen(asker);
  Limit all{"", "", 200}, per_ip{"", "", 10};
  Server server{node.host, node.quic, all, per_ip};
  server.start();
  CHECK(server.alternates().size() == 2);
  Client client{asker.host, asker.quic};
  const auto address = value_or_throw(Multiaddr::parse("/ip4/198.51.100.10/udp/4001/quic-v1"));
  world.run(asker.host.connect({node.host.peer_id(), {address}}));
  asker.peerstore.set_description(
      node.host.peer_id(),
      {.protocols = {ProtocolId(kProtocol)}, .agent_version = {}, .protocol_version = {}});

  // The peer tells where it is over IPv6, too.
  const auto reports = world.run(client.survey({}));
  REQUIRE(reports.size() == 2);
  for (const NatReport& report : reports) {
    CAPTURE(report.local.to_string());
    CHECK(report.udp);
    CHECK(report.is_own_address);
    CHECK(report.mapped->port == 4001);
    CHECK(report.mapping == Behavior::kEndpointIndependent);
  }
  CHECK(reports[0].mapped->address == ip("198.51.100.20"));
  CHECK(reports[1].mapped->address == ip("2001:db8::20"));
  // There it has two addresses, and can send from either.
  CHECK(reports[1].filtering == Behavior::kEndpointIndependent);
  world.run(server.close());
  world.run(asker.host.close());
  world.run(node.host.close());
}
