#include "warren/transport/websocket/transport.hpp"

#include "warren/async/channel.hpp"
#include "warren/env/real/loop.hpp"
#include "warren/security/tls/test_web_certificates.hpp"
#include "warren/sim/transport_contract.hpp"
#include "warren/transport/websocket/address.hpp"
#include "warren/transport/websocket/test_websocket.hpp"

namespace warren::websocket {
namespace {

using sim::contract_tests::multiaddr;
using tls::test::TestAuthority;

// Pipes that wait for accept() with their handshakes done, as the contract of transports wants to see them.
class EagerTransport final : public Transport {
 public:
  EagerTransport(Transport& inner, const Executor& executor)
      : inner_(inner), group_(executor, "test.eager") {}

  bool handles(const Multiaddr& address) const override { return inner_.handles(address); }
  Task<RawConnection> dial(Multiaddr address) override { return inner_.dial(std::move(address)); }
  Result<std::unique_ptr<TransportListener>> listen(const Multiaddr& address) override {
    auto listener = inner_.listen(address);
    if (!listener) return fail(listener.error());
    auto state = std::make_shared<State>(std::move(*listener));
    group_.spawn(serve(state));
    return std::make_unique<Listener>(std::move(state));
  }
  Task<void> close() { return group_.close(); }

 private:
  struct State {
    explicit State(std::unique_ptr<TransportListener> the_listener) : listener(std::move(the_listener)) {}
    std::unique_ptr<TransportListener> listener;
    Channel<RawConnection> ready{100};
  };

  class Listener final : public TransportListener {
   public:
    explicit Listener(std::shared_ptr<State> state) : state_(std::move(state)) {}
    ~Listener() override { state_->listener->close(); }
    Task<RawConnection> accept() override {
      auto raw = co_await state_->ready.receive();
      if (!raw) throw_error(Errc::kClosed);
      co_return std::move(*raw);
    }
    const Multiaddr& address() const override { return state_->listener->address(); }
    void close() override { state_->listener->close(); }

   private:
    std::shared_ptr<State> state_;
  };

  Task<void> serve(std::shared_ptr<State> state) {
    while (true) {
      auto raw = co_await as_result(state->listener->accept());
      if (!raw) break;
      group_.spawn(open(state, std::move(*raw)));
    }
    state->ready.close();
  }

  static Task<void> open(std::shared_ptr<State> state, RawConnection raw) {
    co_await raw.stream->write(BytesView());
    co_await state->ready.send(std::move(raw));
  }

  Transport& inner_;
  TaskGroup group_;
};

WebsocketConfig config_of(const TestAuthority& authority, const std::string& names) {
  return {.tls = authority.issue("server", {.names = names, .not_before = {}, .not_after = {}}),
          .authorities = {authority.file()}};
}

void check_over_loopback(const char* address) {
  real::Loop loop(1);
  const TestAuthority authority(loop.env().clock.wall_now());
  WebsocketTransport one(loop.env(), {.tls = {}, .authorities = {authority.file()}});
  WebsocketTransport other(loop.env(), config_of(authority, "IP:127.0.0.1"));
  EagerTransport eager(other, loop.env().executor);
  sim::check_transport_contract({.executor = loop.env().executor,
                                 .clock = loop.env().clock,
                                 .run = [&](Task<void> task) { loop.run(std::move(task)); },
                                 .dialer = one,
                                 .listener = eager,
                                 .free_address = multiaddr(address),
                                 .buffer_max = 16 * 1024 * 1024});
  loop.run(eager.close());
}

TEST_CASE("WebSocket over the kernel's loopback is a Transport") {
  check_over_loopback("/ip4/127.0.0.1/tcp/0/ws");
}

TEST_CASE("WebSocket over TLS over the kernel's loopback is a Transport") {
  check_over_loopback("/ip4/127.0.0.1/tcp/0/tls/ws");
}

struct WorldTest {
  sim::World world{7};
  sim::Machine& alice = world.add_machine("alice");
  sim::Machine& bob = world.add_machine("bob");
  TestAuthority authority{world.clock().wall_now()};
  WebsocketTransport from_alice{alice.env(), {.tls = {}, .authorities = {authority.file()}}};
  WebsocketTransport at_bob{bob.env(), config_of(authority, "IP:" + bob.address().to_string())};

  std::string address(const std::string& rest) const { return "/ip4/" + bob.address().to_string() + rest; }
};

void check_simulated(WorldTest& test, const std::string& rest) {
  EagerTransport eager(test.at_bob, test.world.loop().executor());
  sim::check_transport_contract({.executor = test.world.loop().executor(),
                                 .clock = test.world.clock(),
                                 .run = [&](Task<void> task) { test.world.run(std::move(task)); },
                                 .dialer = test.from_alice,
                                 .listener = eager,
                                 .free_address = multiaddr(test.address(rest))});
  test.world.run(eager.close());
  CHECK_FALSE(test.world.loop().busy());
}

TEST_CASE_FIXTURE(WorldTest, "WebSocket over a simulated network is a Transport") {
  check_simulated(*this, "/tcp/0/ws");
}

TEST_CASE_FIXTURE(WorldTest, "WebSocket over TLS over a simulated network is a Transport") {
  check_simulated(*this, "/tcp/0/tls/ws");
}

Task<void> answer_all(TransportListener* listener, std::vector<RawConnection>* accepted) {
  while (true) {
    accepted->push_back(co_await listener->accept());
    const auto opened = co_await as_result(accepted->back().stream->write(BytesView()));
    std::ignore = opened;
  }
}

struct DialTest : WorldTest {
  // How a dial ends while somebody listens there.
  Result<RawConnection> dial(WebsocketTransport& server, const std::string& listened,
                             const std::string& dialed) {
    const auto listener = value_or_throw(server.listen(multiaddr(listened)), listened);
    std::vector<RawConnection> accepted;
    TaskGroup group(world.loop().executor(), "test");
    group.spawn(answer_all(listener.get(), &accepted));
    auto outcome = world.run(as_result(from_alice.dial(multiaddr(dialed))));
    world.run(group.close());
    return outcome;
  }
};

TEST_CASE_FIXTURE(DialTest, "a listener on all addresses tells the one it was reached at") {
  const auto listener = value_or_throw(at_bob.listen(multiaddr("/ip4/0.0.0.0/tcp/4001/wss")));
  CHECK(listener->address().to_string() == "/ip4/0.0.0.0/tcp/4001/tls/ws");
  std::vector<RawConnection> accepted;
  TaskGroup group(world.loop().executor(), "test");
  group.spawn(answer_all(listener.get(), &accepted));
  const RawConnection dialed = world.run(from_alice.dial(multiaddr(address("/tcp/4001/wss"))));
  CHECK(dialed.remote.to_string() == address("/tcp/4001/wss"));
  REQUIRE(accepted.size() == 1);
  CHECK(accepted[0].local.to_string() == address("/tcp/4001/tls/ws"));
  CHECK(accepted[0].remote == dialed.local);
  world.run(group.close());
}

TEST_CASE_FIXTURE(DialTest, "a server must prove that it is who was asked for") {
  WebsocketTransport named(bob.env(), config_of(authority, "DNS:node.example"));
  const std::string listened = address("/tcp/4001/tls/ws");
  const auto outcome = [&](const std::string& dialed) {
    const auto raw = dial(named, listened, address(dialed));
    return raw ? std::error_code() : raw.error();
  };
  CHECK(outcome("/tcp/4001/tls/sni/node.example/ws") == std::error_code());
  CHECK(outcome("/tcp/4001/tls/sni/other.example/ws") == Errc::kWrongServerName);
  CHECK(outcome("/tcp/4001/tls/ws") == Errc::kWrongServerName);

  WebsocketTransport stranger(alice.env(), {});
  const auto listener = value_or_throw(named.listen(multiaddr(listened)));
  std::vector<RawConnection> accepted;
  TaskGroup group(world.loop().executor(), "test");
  group.spawn(answer_all(listener.get(), &accepted));
  const auto refused =
      world.run(as_result(stranger.dial(multiaddr(address("/tcp/4001/tls/sni/node.example/ws")))));
  CHECK((refused.error() == Errc::kUntrustedCertificate));
  world.run(group.close());
}

TEST_CASE_FIXTURE(DialTest, "the open and the secure kind do not take each other for their own") {
  CHECK((dial(at_bob, address("/tcp/4001/ws"), address("/tcp/4001/tls/ws")).error() == Errc::kMalformed));
  const auto open = dial(at_bob, address("/tcp/4001/tls/ws"), address("/tcp/4001/ws"));
  CHECK_FALSE(open.has_value());
}

TEST_CASE_FIXTURE(WorldTest, "without a certificate nobody listens for TLS") {
  CHECK((from_alice.listen(multiaddr("/ip4/0.0.0.0/tcp/443/tls/ws")).error() == Errc::kNoCertificate));
  CHECK((from_alice.listen(multiaddr("/ip4/0.0.0.0/tcp/443/wss")).error() == Errc::kNoCertificate));
  CHECK(from_alice.listen(multiaddr("/ip4/0.0.0.0/tcp/80/ws")).has_value());
  WebsocketTransport bad(alice.env(),
                         {.tls = tls::CertificateFiles{"nowhere.pem", "nowhere.key"}, .authorities = {}});
  CHECK((bad.listen(multiaddr("/ip4/0.0.0.0/tcp/443/tls/ws")).error() == Errc::kBadConfig));
}

TEST_CASE_FIXTURE(WorldTest, "accepting waits for nobody: strangers that say nothing hold up no one") {
  const auto listener = value_or_throw(at_bob.listen(multiaddr(address("/tcp/4001/tls/ws"))));
  std::vector<std::unique_ptr<TcpStream>> silent;
  for (int i = 0; i < 10; ++i)
    silent.push_back(world.run(alice.env().network.connect_tcp({bob.address(), 4001}, std::nullopt)));
  std::vector<RawConnection> accepted;
  for (int i = 0; i < 10; ++i) accepted.push_back(world.run(listener->accept()));
  const auto late =
      world.run(as_result(with_timeout(world.clock(), 10s, accepted[0].stream->write(BytesView()))));
  CHECK((late.error() == Errc::kTimedOut));
  Bytes byte(1);
  CHECK((world.run(as_result(silent[0]->read_some(byte))).error() == Errc::kReset));
}

TEST_CASE_FIXTURE(WorldTest, "a dial that is answered by nobody can be canceled") {
  const auto listener = value_or_throw(bob.env().network.listen_tcp({bob.address(), 4001}));
  for (const char* kind : {"/tcp/4001/ws", "/tcp/4001/tls/ws"}) {
    const auto dialed =
        world.run(as_result(with_timeout(world.clock(), 5s, from_alice.dial(multiaddr(address(kind))))));
    CHECK((dialed.error() == Errc::kTimedOut));
  }
}

}  // namespace
}  // namespace warren::websocket
