// The kernel's TCP over loopback.
#include <doctest/doctest.h>
#include <sys/socket.h>

#include "warren/async/as_result.hpp"
#include "warren/async/task_group.hpp"
#include "warren/env/real/loop.hpp"
#include "warren/env/real/tcp_stream.hpp"
#include "warren/env/real/test_loopback.hpp"
#include "warren/sim/stream_contract.hpp"

namespace warren::real {
namespace {

using TcpPair = std::pair<std::unique_ptr<TcpStream>, std::unique_ptr<TcpStream>>;

struct TcpTest {
  Loop loop{1};
  Env& env = loop.env();
  Network& network = env.network;

  std::unique_ptr<TcpListener> listen(const IpAddress& address = kLoopback4, std::uint16_t port = 0) {
    return value_or_throw(network.listen_tcp({address, port}), address.to_string());
  }
  bool has_ipv6() { return network.listen_tcp({kLoopback6, 0}).has_value(); }
};

// Dialed and accepted.
Task<TcpPair> connect(Network& network, TcpListener& listener, std::optional<Endpoint> from = {}) {
  auto dialed = co_await network.connect_tcp(listener.local_endpoint(), from);
  auto accepted = co_await listener.accept();
  co_return TcpPair(std::move(dialed), std::move(accepted));
}

Task<sim::StreamPair> connect_streams(TcpTest& test, IpAddress address) {
  const auto listener = test.listen(address);
  auto pair = co_await connect(test.network, *listener);
  co_return sim::StreamPair(std::move(pair.first), std::move(pair.second));
}

void check_contract(TcpTest& test, IpAddress address) {
  sim::check_stream_contract(
      {.executor = test.env.executor,
       .clock = test.env.clock,
       .run = [&](Task<void> task) { test.loop.run(std::move(task)); },
       .connect = [&, address] { return connect_streams(test, address); },
       // The kernel's two buffers grow up to 4 and 6 MiB, where nobody has changed that.
       .buffer_max = 16 * 1024 * 1024});
}

TEST_CASE_FIXTURE(TcpTest, "a TCP connection is a ByteStream") {
  check_contract(*this, kLoopback4);
}

TEST_CASE_FIXTURE(TcpTest, "a TCP connection over IPv6 is a ByteStream") {
  if (!has_ipv6()) {
    MESSAGE("skipped: this machine has no IPv6 loopback");
    return;
  }
  check_contract(*this, kLoopback6);
}

TEST_CASE_FIXTURE(TcpTest, "both ends know both end points") {
  const auto listener = listen();
  CHECK(listener->local_endpoint().address == kLoopback4);
  CHECK(listener->local_endpoint().port != 0);
  const auto pair = loop.run(connect(network, *listener));
  CHECK(pair.first->remote_endpoint() == listener->local_endpoint());
  CHECK(pair.second->local_endpoint() == listener->local_endpoint());
  CHECK(pair.second->remote_endpoint() == pair.first->local_endpoint());
}

TEST_CASE_FIXTURE(TcpTest, "a dial leaves from the port that is listened on, for several peers at once") {
  const auto ours = listen();
  const auto theirs = listen();
  const auto others = listen();
  const auto first = loop.run(connect(network, *theirs, ours->local_endpoint()));
  const auto second = loop.run(connect(network, *others, ours->local_endpoint()));
  CHECK(first.second->remote_endpoint() == ours->local_endpoint());
  CHECK(second.second->remote_endpoint() == ours->local_endpoint());

  // That pair of end points is taken: another port is used, rather than none.
  const auto again = loop.run(connect(network, *theirs, ours->local_endpoint()));
  CHECK(again.second->remote_endpoint().port != ours->local_endpoint().port);

  // And the port still accepts.
  const auto inbound = loop.run(connect(network, *ours));
  CHECK(inbound.second->local_endpoint() == ours->local_endpoint());
}

TEST_CASE_FIXTURE(TcpTest, "a port has one listener") {
  auto listener = listen();
  const std::uint16_t port = listener->local_endpoint().port;
  CHECK(network.listen_tcp({kLoopback4, port}).error() == Errc::kAddressInUse);
  CHECK(network.listen_tcp({IpAddress::v4({}), port}).error() == Errc::kAddressInUse);
  SUBCASE("until it is closed") {
    listener->close();
  }
  SUBCASE("until it is destroyed") {
    listener.reset();
  }
  CHECK(network.listen_tcp({kLoopback4, port}).has_value());
}

TEST_CASE_FIXTURE(TcpTest, "a port can be listened on again while its connections go on") {
  auto listener = listen();
  const std::uint16_t port = listener->local_endpoint().port;
  const auto pair = loop.run(connect(network, *listener));
  listener.reset();
  CHECK(network.listen_tcp({kLoopback4, port}).has_value());
}

TEST_CASE_FIXTURE(TcpTest, "IPv4 and IPv6 share a port number and nothing else") {
  if (!has_ipv6()) {
    MESSAGE("skipped: this machine has no IPv6 loopback");
    return;
  }
  const auto six = listen(IpAddress::v6({}));
  const Endpoint over_four{kLoopback4, six->local_endpoint().port};
  CHECK(loop.run(as_result(network.connect_tcp(over_four, {}))).error() == Errc::kRefused);
  const auto four = network.listen_tcp(over_four);
  CHECK((four.has_value() || four.error() == Errc::kAddressInUse));  // another program may have it
}

TEST_CASE_FIXTURE(TcpTest, "what can't be reached or listened on is said") {
  auto listener = listen();
  const Endpoint closed = listener->local_endpoint();
  listener.reset();
  CHECK(loop.run(as_result(network.connect_tcp(closed, {}))).error() == Errc::kRefused);
  // TEST-NET-1 of RFC 5737 is nobody's.
  CHECK(network.listen_tcp({IpAddress::v4({192, 0, 2, 1}), 0}).error() == Errc::kAddressNotAvailable);
}

TEST_CASE_FIXTURE(TcpTest, "this machine's addresses have loopback among them") {
  const auto addresses = network.interface_addresses();
  CHECK(std::ranges::count(addresses, kLoopback4) == 1);
  if (has_ipv6()) CHECK(std::ranges::count(addresses, kLoopback6) == 1);
  for (const IpAddress& address : addresses) CHECK_FALSE(address.is_unspecified());
}

Task<void> accept_into(TcpListener& listener, std::unique_ptr<TcpStream>& stream) {
  stream = co_await listener.accept();
}

Task<void> cancel_accept(Env& env, TcpListener& listener) {
  TaskGroup group(env.executor, "test");
  std::unique_ptr<TcpStream> stream;
  group.spawn(accept_into(listener, stream));
  co_await env.clock.sleep_for(1ms);
  co_await group.close();
  CHECK(stream == nullptr);
}

TEST_CASE_FIXTURE(TcpTest, "a canceled accept leaves the listener as it was") {
  const auto listener = listen();
  loop.run(cancel_accept(env, *listener));
  CHECK_NOTHROW(loop.run(connect(network, *listener)));
}

Task<void> close_while_accepting(Env& env, TcpListener& listener) {
  TaskGroup group(env.executor, "test");
  sim::contract_tests::Ending ending;
  std::unique_ptr<TcpStream> stream;
  group.spawn(sim::contract_tests::note(accept_into(listener, stream), ending));
  co_await env.clock.sleep_for(1ms);
  CHECK_FALSE(ending.ended);
  listener.close();
  co_await group.join();
  CHECK(ending.outcome.error() == Errc::kClosed);
}

TEST_CASE_FIXTURE(TcpTest, "closing a listener ends its accept") {
  const auto listener = listen();
  loop.run(close_while_accepting(env, *listener));
  CHECK(loop.run(as_result(listener->accept())).error() == Errc::kClosed);
}

Task<std::size_t> dial_until_stuck(Env& env, Endpoint to, std::vector<std::unique_ptr<TcpStream>>& streams) {
  for (;;) {
    auto stream =
        co_await as_result(with_timeout(env.clock, 100ms, env.network.connect_tcp(to, std::nullopt)));
    if (!stream) {
      CHECK(stream.error() == Errc::kTimedOut);
      co_return streams.size();
    }
    streams.push_back(std::move(*stream));
  }
}

TEST_CASE_FIXTURE(TcpTest, "a dial that nobody answers is canceled in time") {
  // The kernel does not answer while the queue of a listener is full, which here is soon.
  boost::asio::io_context unused;
  boost::asio::ip::tcp::acceptor acceptor(unused);
  acceptor.open(boost::asio::ip::tcp::v4());
  acceptor.bind(to_asio({kLoopback4, 0}));
  acceptor.listen(0);
  std::vector<std::unique_ptr<TcpStream>> streams;
  CHECK(loop.run(dial_until_stuck(env, from_asio(acceptor.local_endpoint()), streams)) < 10);
}

Task<void> write_forever(ByteStream& stream) {
  const Bytes bytes(16 * 1024);
  for (;;) co_await stream.write(bytes);
}

// One end writes more than fits and reads; the other end has something unread and is reset.
Task<void> reset_both_pending(Env& env, ByteStream& a, ByteStream& b) {
  using sim::contract_tests::note;
  TaskGroup group(env.executor, "test");
  std::array<sim::contract_tests::Ending, 2> endings;
  Bytes buffer(1);
  std::size_t count = 1;
  group.spawn(note(write_forever(b), endings[0]));
  group.spawn(note(sim::contract_tests::read_once(b, buffer, count), endings[1]));
  co_await env.clock.sleep_for(20ms);
  a.reset();
  co_await group.join();
  CHECK(endings[0].outcome.error() == Errc::kReset);
  CHECK(endings[1].outcome.error() == Errc::kReset);
  const auto later = co_await as_result(b.read_some(buffer));
  CHECK(later.error() == Errc::kReset);
}

TEST_CASE_FIXTURE(TcpTest, "a reader never takes a reset for the end, even if a writer was told first") {
  const auto listener = listen();
  const auto pair = loop.run(connect(network, *listener));
  loop.run(reset_both_pending(env, *pair.first, *pair.second));
}

}  // namespace
}  // namespace warren::real
