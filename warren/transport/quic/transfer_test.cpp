#include <doctest/doctest.h>

#include "warren/transport/quic/test_path.hpp"

namespace warren::quic {
namespace {

using test::Pair;
using test::PathOptions;

Bytes pattern(std::uint64_t seed, std::size_t size) {
  Bytes bytes(size);
  sim::SeededRandom random(seed);
  random.fill(bytes);
  return bytes;
}

// One direction of a stream: pours `bytes` in at one end, and collects what comes out at the other.
struct Transfer {
  Connection* from = nullptr;
  StreamStatePtr sender;
  Connection* to = nullptr;
  StreamStatePtr receiver{};
  Bytes bytes{};
  std::size_t written = 0;
  Bytes received{};
  std::size_t held_max = 0;

  void write() {
    if (sender->fin_queued || sender->write_error) return;
    written += from->write(*sender, BytesView(bytes).subspan(written));
    held_max = std::max(held_max, sender->outgoing.size());
    if (written == bytes.size()) from->close_write(*sender);
  }
  void read() {
    if (!receiver || receiver->received.empty()) return;
    Bytes buffer(50'000);
    while (const std::size_t size = to->read(*receiver, buffer))
      append(received, BytesView(buffer).first(size));
  }
  bool done() const { return receiver && receiver->fin_received && receiver->received.empty(); }
};

// A stream that the client opens, with bytes both ways.
struct Exchange {
  Exchange(Pair& pair, Bytes question, Bytes answer)
      : there{.from = pair.client.connection.get(),
              .sender = value_or_throw(pair.client.connection->open()),
              .to = pair.server.connection.get(),
              .bytes = std::move(question)},
        back{.from = pair.server.connection.get(),
             .sender = nullptr,
             .to = pair.client.connection.get(),
             .receiver = there.sender,
             .bytes = std::move(answer)} {}

  bool step() {
    there.write();
    there.read();
    back.read();
    if (back.sender) back.write();
    return there.done() && back.done();
  }
  void accepted(StreamStatePtr stream) {
    there.receiver = stream;
    back.sender = std::move(stream);
  }

  Transfer there;
  Transfer back;
};

// Runs them all to their end.
bool run(Pair& pair, std::vector<Exchange>& exchanges, Duration limit = 300s) {
  return pair.run_until(
      [&] {
        while (StreamStatePtr stream = pair.server.connection->accept()) {
          for (Exchange& exchange : exchanges) {
            if (exchange.there.sender->id == stream->id) exchange.accepted(stream);
          }
        }
        bool done = true;
        for (Exchange& exchange : exchanges) done = exchange.step() && done;
        return done;
      },
      limit);
}

TEST_CASE("1 MiB both ways arrives as it was sent, whatever the path does") {
  PathOptions options;
  SUBCASE("a good path") {}
  SUBCASE("5 % loss and reordering") {
    options = {.jitter = 20ms, .loss_percent = 5, .seed = 7};
  }
  SUBCASE("20 % loss") {
    options = {.delay = 10ms, .loss_percent = 20, .seed = 8};
  }
  SUBCASE("a path that takes no more than 1200 bytes") {
    options = {.payload_max = 1200};
  }
  SUBCASE("no delay") {
    options = {.delay = 0ms};
  }
  Pair pair(options);
  REQUIRE(pair.connect());
  std::vector<Exchange> exchanges;
  exchanges.emplace_back(pair, pattern(1, 1 << 20), pattern(2, 1 << 20));
  REQUIRE(run(pair, exchanges));
  CHECK(exchanges[0].there.received == exchanges[0].there.bytes);
  CHECK(exchanges[0].back.received == exchanges[0].back.bytes);
  pair.run_for(3s);
  CHECK(pair.client.connection->stream_count() == 0);
  CHECK(pair.server.connection->stream_count() == 0);
}

TEST_CASE("100 streams at once, over a path that loses and reorders") {
  Pair pair({.jitter = 20ms, .loss_percent = 3});
  REQUIRE(pair.connect());
  std::vector<Exchange> exchanges;
  for (std::uint64_t i = 0; i < 100; ++i)
    exchanges.emplace_back(pair, pattern(i, 10'000), pattern(~i, 20'000));
  CHECK(pair.client.connection->stream_count() == 100);
  REQUIRE(run(pair, exchanges));
  for (const Exchange& exchange : exchanges) {
    CHECK(exchange.there.received == exchange.there.bytes);
    CHECK(exchange.back.received == exchange.back.bytes);
  }
}

TEST_CASE("streams follow each other without end: what is over makes room") {
  Pair pair({.delay = 1ms}, {}, {.limits = {.inbound_streams_max = 8}});
  REQUIRE(pair.connect());
  for (std::uint64_t i = 0; i < 50; ++i) {
    std::vector<Exchange> exchanges;
    exchanges.emplace_back(pair, pattern(i, 100), pattern(~i, 100));
    REQUIRE(run(pair, exchanges));
    pair.client.connection->release(*exchanges[0].there.sender);
    pair.server.connection->release(*exchanges[0].back.sender);
    pair.run_for(200ms);
  }
}

TEST_CASE("datagrams leave in batches of equal size, and become as large as the path allows") {
  Pair pair;
  REQUIRE(pair.connect());
  std::vector<Exchange> exchanges;
  exchanges.emplace_back(pair, pattern(1, 4 << 20), Bytes{});
  const std::size_t batches = pair.batches;
  const std::size_t datagrams = pair.datagrams;
  REQUIRE(run(pair, exchanges));
  CHECK(pair.datagrams - datagrams > 3 * (pair.batches - batches));
  CHECK(pair.client.connection->datagram_size() >= 1400);
  CHECK(pair.largest <= 1452);

  Pair narrow({.payload_max = 1300});
  REQUIRE(narrow.connect());
  narrow.run_for(30s);
  CHECK(narrow.client.connection->datagram_size() <= 1300);
}

TEST_CASE("who does not read is not flooded, and who writes to him holds little") {
  Pair pair;
  REQUIRE(pair.connect());
  Exchange exchange(pair, pattern(1, 8 << 20), Bytes{});
  StreamStatePtr unread;
  pair.run_until(
      [&] {
        if (!unread) unread = pair.server.connection->accept();
        exchange.there.write();
        return false;
      },
      30s);
  const Limits limits;
  CHECK(unread->received.size() == limits.stream_window);
  CHECK(exchange.there.written <= limits.stream_window + limits.unsent_max);
  CHECK(exchange.there.held_max <= limits.stream_window + limits.unsent_max);
  CHECK(exchange.there.sender->outgoing.memory() < 2 * limits.unsent_max);

  // And when he reads after all, the rest comes.
  exchange.accepted(unread);
  pair.server.connection->close_write(*unread);
  REQUIRE(pair.run_until([&] { return exchange.step(); }));
  CHECK(exchange.there.received == exchange.there.bytes);
}

TEST_CASE("windows grow with what a path carries in a round trip") {
  // 20 MiB at 100 ms with windows of 512 KiB would take 4 s.
  Pair pair({.delay = 50ms});
  REQUIRE(pair.connect());
  std::vector<Exchange> exchanges;
  exchanges.emplace_back(pair, pattern(1, 20 << 20), Bytes{});
  const Instant begin = pair.now;
  REQUIRE(run(pair, exchanges));
  CHECK(exchanges[0].there.received == exchanges[0].there.bytes);
  CHECK(pair.now - begin < 3s);
}

}  // namespace
}  // namespace warren::quic
