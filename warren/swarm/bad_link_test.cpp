// Whole connections over links that delay, lose, reorder and squeeze: every byte arrives, in its place.
#include <doctest/doctest.h>

#include "warren/swarm/test_node.hpp"

using namespace warren;

namespace {

constexpr std::string_view kUpload = "/upload/1.0.0";
constexpr std::size_t kSizeMax = 8 << 20;

Task<void> take(StreamPtr stream, Bytes* received) {
  *received = co_await read_to_end(*stream, kSizeMax);
  co_await stream->write(as_bytes("thanks"));
  co_await stream->close_write();
}

Task<void> upload(SwarmHost* host, PeerInfo peer, Bytes bytes) {
  const ConnectionPtr connection = co_await host->connect(std::move(peer));
  const StreamPtr stream = co_await connection->open_stream(ProtocolId(kUpload));
  co_await stream->write(bytes);
  co_await stream->close_write();
  const Bytes answer = co_await read_to_end(*stream, 100);
  CHECK(as_text(answer) == "thanks");
}

struct BadLink {
  explicit BadLink(const sim::LinkOptions& link) { world.set_link(alice_machine, bob_machine, link); }
  ~BadLink() {
    world.run(alice.host.close());
    world.run(bob.host.close());
  }

  // In what time so many bytes arrive.
  Duration transfer(const PeerInfo& to, std::size_t size) {
    Bytes received;
    bob.host.handle(ProtocolId(kUpload),
                    [&](ConnectionPtr, StreamPtr stream) { return take(std::move(stream), &received); });
    Bytes sent(size);
    alice_machine.env().random.fill(sent);
    const Instant begin = world.clock().now();
    world.run(upload(&alice.host, to, sent));
    CHECK(received == sent);
    return world.clock().now() - begin;
  }

  sim::World world{3};
  sim::Machine& alice_machine = world.add_machine("alice");
  sim::Machine& bob_machine = world.add_machine("bob");
  TestNode alice{alice_machine};
  TestNode bob{bob_machine};
};

PeerInfo listen(TestNode& node, bool quic) {
  return quic ? node.listen_quic() : node.listen();
}

}  // namespace

TEST_CASE("bytes arrive as they were sent over a link of 100 ms that loses, delays and reorders") {
  BadLink net({.delay = 50ms, .jitter = 10ms, .loss = 0.05, .reordering = 0.02});
  SUBCASE("QUIC") {
    CHECK(net.transfer(listen(net.bob, true), 1 << 20) < 60s);
  }
  SUBCASE("TCP, Noise and yamux") {
    CHECK(net.transfer(listen(net.bob, false), 1 << 20) < 60s);
  }
}

TEST_CASE("a bottleneck of 1 Mbit/s is filled, and not flooded") {
  BadLink net({.delay = 50ms, .rate = 1'000'000});
  const std::size_t size = 500'000;  // four seconds of the line
  Duration took{};
  SUBCASE("QUIC") {
    took = net.transfer(listen(net.bob, true), size);
  }
  SUBCASE("TCP, Noise and yamux") {
    took = net.transfer(listen(net.bob, false), size);
  }
  CHECK(took >= 4s);
  CHECK(took < 6s);
}
