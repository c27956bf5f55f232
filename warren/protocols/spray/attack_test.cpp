// Peers that misuse a sprayer: to have others flooded, to wear it out, or to get into somebody else's spray.
#include <doctest/doctest.h>

#include <set>

#include "warren/core/test_values.hpp"
#include "warren/protocols/relay/test_host.hpp"
#include "warren/protocols/spray/openers.hpp"
#include "warren/protocols/spray/spray_plan.hpp"
#include "warren/protocols/spray/test_pair.hpp"

using namespace warren;
using namespace warren::spray;
using namespace warren::spray::test;
using namespace warren::testing;

namespace {

const Token kToken{1, 2, 3};

// Why it was refused.
std::optional<RelayReason> refusal(const Result<Message>& answer) {
  REQUIRE(answer);
  const auto* refused = std::get_if<Refused>(&*answer);
  return refused != nullptr ? refused->reason : std::nullopt;
}

// Says SPRAY, and leaves the stream open, for as long as it lives.
struct OpenSpray {
  OpenSpray(Pair& pair, const Spray& spray) {
    answer = pair.world.run(as_result(begin(pair.at_alice, spray, &stream)));
  }
  static Task<Message> begin(ConnectionPtr connection, Message message, StreamPtr* stream) {
    *stream = co_await connection->open_stream(ProtocolId(kProtocol));
    const Bytes bytes = encode(message);
    co_await write_delimited(**stream, bytes);
    const Bytes answer = co_await read_delimited(**stream, kMessageSizeMax);
    co_return value_or_throw(decode(answer));
  }
  StreamPtr stream;
  Result<Message> answer;
};

// A host without QUIC's sockets, that counts what would have been sent.
class DeadSockets final : public SharedSockets {
 public:
  std::size_t sent = 0;

  std::vector<Endpoint> endpoints() const override { return {{IpAddress(), 4001}}; }
  Task<void> send(Endpoint /*local*/, Endpoint /*remote*/, Bytes /*payload*/) override {
    ++sent;
    co_return;
  }
  Result<> adopt(std::unique_ptr<DatagramSocket> /*socket*/, Endpoint /*remote*/) override {
    return fail(Errc::kUnsupported);
  }
  Signal<const Datagram&, const Endpoint&>& strays() override { return strays_; }

 private:
  Signal<const Datagram&, const Endpoint&> strays_;
};

class NobodyDials final : public PunchDialer {
 public:
  Task<PunchOutcome> punch(PunchCall /*call*/) override { co_return PunchOutcome(); }
};

Task<Message> say_and_hear(ByteStream* stream, Message message) {
  const Bytes bytes = encode(message);
  co_await write_delimited(*stream, bytes);
  const Bytes answer = co_await read_delimited(*stream, kMessageSizeMax);
  co_return value_or_throw(decode(answer));
}

}  // namespace

TEST_CASE("nobody can have us send to where a spray has no business") {
  for (const bool bob_probes : {true, false}) {
    CAPTURE(bob_probes);
    Pair pair(1, "port-restricted", bob_probes ? "port-restricted" : "symmetric-random");
    const Role role = bob_probes ? Role::kOpens : Role::kProbes;
    for (const std::string_view target :
         {"127.0.0.1", "0.0.0.0", "10.1.2.3", "192.168.1.1", "192.168.1.2", "172.20.0.1", "100.64.1.1",
          "169.254.169.254", "224.0.0.251", "255.255.255.255", "203.0.113.2", "::1", "fe80::1", "fd00::1",
          "ff02::1", "::ffff:203.0.113.9", "2001:db8::9"}) {
      CAPTURE(target);
      const std::uint16_t port = bob_probes ? 0 : 4001;
      const auto answer = pair.say(Spray{.role = role, .token = kToken, .seen = {ip(target), port}});
      CHECK(refusal(answer) == RelayReason::kNoPublicMapping);
    }
    CHECK(pair.bob.sockets.sent.empty());
    CHECK(pair.bob.entries.used() == 0);
    CHECK(pair.home_b.nat().mappings() == 0);
    CHECK(pair.bob.ended.empty());
    // Nor with a hard side as the one that sends probes.
    if (!bob_probes) {
      const auto answer =
          pair.say(Spray{.role = Role::kOpens, .token = kToken, .seen = {ip("203.0.113.9"), 0}});
      CHECK(refusal(answer) == RelayReason::kBothHardNat);
    }
  }
}

TEST_CASE("hundreds of requests get a spray in two minutes, whatever they say") {
  sim::World world(2);
  relay::FakeHost host(world, world.add_machine("asked"));
  NobodyDials dialer;
  DeadSockets sockets;
  Limit punches("", "", 16), entries("", "", 600);
  NatPosition position;
  position.mapping = NatMapping::kEndpointIndependent;
  position.addresses = {address("/ip4/203.0.113.2/udp/4001/quic-v1")};
  Sprayer sprayer({.host = host,
                   .dialer = dialer,
                   .sockets = &sockets,
                   .punches = punches,
                   .entries = entries,
                   .position = [&] { return position; }});
  sprayer.start();
  // Of ten peers, for as many targets as there are.
  std::vector<relay::FakeHost::Link> links;
  const std::string circuit = "/ip4/198.51.100.1/tcp/4001/p2p/" + keyless_peer(99).to_string();
  for (std::uint32_t peer = 0; peer < 10; ++peer) links.push_back(host.come(peer, circuit + "/p2p-circuit"));
  std::size_t accepted = 0, most_waiting = 0;
  std::set<std::optional<RelayReason>> reasons;
  std::vector<StreamPtr> streams;  // of those that were accepted: the spray goes on
  const Instant began = world.clock().now();
  for (std::uint32_t i = 0; i < 300; ++i) {
    Spray spray{.role = Role::kOpens, .token = kToken, .seen = {IpAddress::v4({192, 0, 2, 1}), 0}};
    if (i % 2 == 0) spray.seen.address = IpAddress::v4({11, 1, std::uint8_t(i >> 8), std::uint8_t(i)});
    spray.token[0] = static_cast<std::uint8_t>(i);
    StreamPtr stream = host.speak(links[i % links.size()], kProtocol);
    const auto answer = world.run(as_result(say_and_hear(stream.get(), spray)));
    REQUIRE(answer);
    if (std::holds_alternative<Spray>(*answer)) {
      ++accepted;
      streams.push_back(std::move(stream));
    } else {
      reasons.insert(refusal(answer));
    }
    most_waiting = std::max<std::size_t>(most_waiting, punches.used());
    world.loop().advance(2s);
  }
  // Ten minutes of it: what counts is the entries, which live for two minutes.
  const auto minutes = static_cast<std::size_t>((world.clock().now() - began) / 60s);
  CHECK(minutes >= 10);
  CHECK(reasons == std::set<std::optional<RelayReason>>{RelayReason::kLimitedByBudget});
  CHECK(accepted >= 3);
  CHECK(accepted <= minutes / 2 + 1);
  CHECK(sockets.sent <= accepted * kProbesMax * kProbePasses);
  CHECK(most_waiting == 1);
  CHECK(entries.used() <= 600);
  world.run(sprayer.close());
  host.go_all();
}

TEST_CASE("a spray that nobody wants any more ends, and the same peer gets no other one for a minute") {
  Pair pair(3, "port-restricted", "port-restricted");
  const Spray spray{.role = Role::kOpens, .token = kToken, .seen = {ip("192.0.2.1"), 0}};
  {
    OpenSpray open(pair, spray);
    REQUIRE(open.answer);
    REQUIRE(std::holds_alternative<Spray>(*open.answer));
    CHECK(std::get<Spray>(*open.answer).role == Role::kProbes);
    pair.world.loop().advance(1s);
    CHECK(pair.bob.sockets.sent.size() > 50);
  }
  pair.world.loop().advance(3s);
  const auto sent = pair.bob.sockets.sent.size();
  CHECK(sent < 350);
  pair.world.loop().advance(30s);
  CHECK(pair.bob.sockets.sent.size() == sent);
  CHECK(refusal(pair.say(spray)) == RelayReason::kLimitedByBudget);
  REQUIRE(pair.bob.ended.size() == 1);
  CHECK(pair.bob.ended.front().error);
  CHECK_FALSE(pair.bob.ended.front().ours);
}

TEST_CASE("a token that is used again makes another secret") {
  Pair pair(4, "port-restricted", "port-restricted");
  const Spray spray{.role = Role::kOpens, .token = kToken, .seen = {ip("192.0.2.1"), 0}};
  std::set<Token> answers;
  for (int i = 0; i < 3; ++i) {
    OpenSpray open(pair, spray);
    REQUIRE(open.answer);
    REQUIRE(std::holds_alternative<Spray>(*open.answer));
    answers.insert(std::get<Spray>(*open.answer).token);
    open.stream.reset();
    pair.world.loop().advance(3min);
  }
  CHECK(answers.size() == 3);
}

TEST_CASE("only probes of this spray, from the peer's IP, are one") {
  Pair pair(5, "full-cone");
  // So that anybody gets in: the sockets themselves have to tell.
  sim::NatOptions options = pair.home_b.options();
  options.filtering = sim::NatBehavior::kEndpointIndependent;
  pair.home_b.set_options(options);
  // The openers get to alice, and tell which ports there are.
  const Endpoint somewhere{ip("192.0.2.1"), 9};
  pair.world.run(pair.alice.node.quic.send(pair.alice.node.quic.endpoints().front(), somewhere, {1}));
  std::set<Endpoint> ports;
  const auto watch = pair.alice.node.quic.strays().subscribe(
      [&](const Datagram& datagram, const Endpoint&) { ports.insert(datagram.from); });
  OpenSpray spraying(pair, {.role = Role::kProbes, .token = kToken, .seen = {pair.home_a.outside(), 4001}});
  REQUIRE(spraying.answer);
  const auto& theirs = std::get<Spray>(*spraying.answer);
  const Secret secret{theirs.token, kToken};
  pair.world.loop().advance(6s);
  REQUIRE(ports.size() == kSocketsMax);

  // Every socket gets what is no probe of this spray: of a stranger who has the secret; of the peer's IP with
  // another one; and what is neither.
  sim::Machine& stranger = pair.world.add_machine("stranger", {ip("192.0.2.66")});
  sim::Machine& peer = pair.alice.node.machine;
  const Bytes genuine = encode_probe(secret, ProbeKind::kProbe);
  struct From {
    sim::Machine& machine;
    Bytes bytes;
  };
  for (const From& from :
       {From{stranger, genuine}, From{peer, encode_probe({kToken, theirs.token}, ProbeKind::kProbe)},
        From{peer, encode_probe(secret, ProbeKind::kOpener)},
        From{peer, encode_probe(secret, ProbeKind::kAnswer)}, From{peer, {9}}}) {
    auto socket = value_or_throw(from.machine.env().network.bind_udp({IpAddress(), 5555}));
    for (const Endpoint& to : ports) {
      pair.world.run(socket->send(IpAddress(), to, from.bytes, from.bytes.size(), Ecn::kNotCapable));
    }
    pair.world.loop().advance(100ms);
    const auto heard = pair.world.run(as_result(with_timeout(pair.world.clock(), 50ms, socket->receive())));
    CHECK_FALSE(heard);
    CHECK(pair.bob.sockets.adopted == 0);
  }

  // The same from the peer with the secret, from whatever port: that is one, and is answered.
  auto socket = value_or_throw(peer.env().network.bind_udp({IpAddress(), 5556}));
  pair.world.run(socket->send(IpAddress(), *ports.begin(), genuine, genuine.size(), Ecn::kNotCapable));
  const auto heard = pair.world.run(as_result(with_timeout(pair.world.clock(), 1s, socket->receive())));
  REQUIRE(heard);
  CHECK(decode_probe(secret, heard->front().payload) == ProbeKind::kAnswer);
  CHECK(heard->front().from.address == pair.home_b.outside());
  CHECK(pair.bob.sockets.adopted == 1);
}

TEST_CASE("requests over a direct connection, and answers to nothing, get nothing") {
  Pair pair(6);
  REQUIRE_FALSE(pair.spray().error);
  pair.world.loop().advance(1s);
  pair.at_alice->close();
  pair.world.loop().advance(1s);
  pair.at_alice = pair.alice.node.host.connections(pair.bob.node.host.peer_id()).front();
  REQUIRE_FALSE(is_circuit(pair.at_alice->remote_address()));
  const Spray spray{.role = Role::kProbes, .token = kToken, .seen = {pair.home_a.outside(), 4001}};
  CHECK(refusal(pair.say(spray)) == RelayReason::kNoReservation);
  CHECK(refusal(pair.say(Begin{})) == RelayReason::kNoReservation);
  for (const Message& message : std::vector<Message>{Ok{}, End{}, Refused{}}) {
    CHECK_FALSE(pair.say(message));
  }
  CHECK(pair.at_alice->is_open());
}

TEST_CASE("an answer that is none of a spray's ends it at once") {
  struct Answer {
    std::string_view what;
    Spray spray;
  };
  for (const Answer& answer :
       {Answer{"the same role", {.role = Role::kProbes, .token = {}, .seen = {ip("192.0.2.1"), 1}}},
        Answer{"a private target", {.role = Role::kOpens, .token = {}, .seen = {ip("10.0.0.1"), 0}}},
        Answer{"loopback", {.role = Role::kOpens, .token = {}, .seen = {ip("127.0.0.1"), 0}}},
        Answer{"multicast", {.role = Role::kOpens, .token = {}, .seen = {ip("224.0.0.1"), 0}}},
        Answer{"the other family", {.role = Role::kOpens, .token = {}, .seen = {ip("2001:db8::1"), 0}}}}) {
    CAPTURE(answer.what);
    Pair pair(7);
    pair.world.run(pair.bob.sprayer.close());
    const Bytes bytes = encode(Message(answer.spray));
    pair.bob.node.host.handle(ProtocolId(kProtocol), [bytes](ConnectionPtr, StreamPtr stream) {
      const auto reply = [](StreamPtr to, Bytes what) -> Task<void> {
        co_await write_delimited(*to, what);
        co_await to->close_write();
      };
      return reply(std::move(stream), bytes);
    });
    const PunchRound round = pair.spray();
    CHECK(round.error == Errc::kMalformed);
    CHECK(round.took < 1s);
    CHECK(pair.alice.sockets.sent.empty());
    CHECK(pair.alice.punches.used() == 0);
    pair.bob.node.host.unhandle(ProtocolId(kProtocol));
  }
}
