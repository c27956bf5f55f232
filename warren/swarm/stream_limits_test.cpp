// Endless streams: those beyond a limit are reset and told by its name, the others are served.
#include "warren/swarm/test_crowd.hpp"

using namespace warren;

namespace {

// Served until the peer ends the stream.
Task<void> hold(StreamPtr stream) {
  std::uint8_t byte = 0;
  for (std::size_t size = 1; size > 0;) size = co_await stream->read_some(MutableBytes(&byte, 1));
}

Task<StreamPtr> open(ConnectionPtr connection, ProtocolId protocol) {
  StreamPtr stream = co_await connection->open_stream(std::move(protocol));
  co_await stream->write(as_bytes("x"));
  co_return stream;
}

struct Streams : Crowd {
  explicit Streams(SwarmLimits limits) : Crowd(limits) {
    for (const auto* protocol : {"/a/1", "/b/1"}) {
      bob.host.handle(protocol, [](ConnectionPtr, StreamPtr stream) { return hold(std::move(stream)); });
    }
  }
  ~Streams() { opened.clear(); }

  // Opens so many and keeps them.
  void open_on(const ConnectionPtr& connection, int count, const ProtocolId& protocol = "/a/1") {
    for (int i = 0; i < count; ++i) opened.push_back(world.run(open(connection, protocol)));
    world.loop().advance(1s);
  }
  void end_streams() {
    opened.clear();
    world.loop().advance(1s);
  }

  std::vector<StreamPtr> opened;
};

}  // namespace

TEST_CASE("streams_max: of all connections together") {
  Streams net({.streams_max = 5});
  const auto first = net.connect(net.add());
  const auto second = net.connect(net.add());
  net.open_on(*first, 3);
  net.open_on(*second, 4);
  CHECK(net.use(&SwarmLimits::streams_max).used == 5);
  CHECK(net.refusals_by("streams_max") == 2);
  CHECK(net.refusals.front().peer == net.nodes.back().host.peer_id());
  net.end_streams();
  CHECK(net.use(&SwarmLimits::streams_max).used == 0);
  net.open_on(*second, 5);
  CHECK(net.use(&SwarmLimits::streams_max).used == 5);
  CHECK(net.use(&SwarmLimits::streams_max).refused == 2);
  CHECK(net.bob.host.counters().streams_opened_inbound == 10);
  net.check_all_is_given_back();
}

TEST_CASE("streams_per_connection_max: one connection's streams do not count for another") {
  Streams net({.streams_per_connection_max = 4});
  const auto first = net.connect(net.add());
  const auto second = net.connect(net.add());
  net.open_on(*first, 10);
  net.open_on(*second, 4);
  CHECK(net.use(&SwarmLimits::streams_per_connection_max).used == 4);
  CHECK(net.refusals_by("streams_per_connection_max") == 6);
  CHECK(net.use(&SwarmLimits::streams_max).used == 8);
  net.check_all_is_given_back();
}

TEST_CASE("streams_per_protocol_and_peer_max: on all connections of the peer, another protocol is free") {
  Streams net({.streams_per_protocol_and_peer_max = 3});
  const auto first = net.connect(net.add(net.add_machine(), 5));
  const auto second = net.connect(net.add(net.add_machine(), 5));
  const auto other = net.connect(net.add());
  net.open_on(*first, 2);
  net.open_on(*second, 3);
  CHECK(net.refusals_by("streams_per_protocol_and_peer_max") == 2);
  CHECK(net.use(&SwarmLimits::streams_per_protocol_and_peer_max).used == 3);
  net.open_on(*second, 1, "/b/1");
  net.open_on(*other, 3);
  CHECK(net.refusals.size() == 2);
  net.check_all_is_given_back();
}

TEST_CASE("endless streams: the connection goes on, and so do others") {
  Streams net({});
  const auto attacker = net.connect(net.add());
  for (int i = 0; i < 20; ++i) {
    for (int k = 0; k < 100; ++k) {
      auto stream = net.world.run(as_result(open(*attacker, "/a/1")));
      if (stream) net.opened.push_back(std::move(*stream));
    }
    net.world.loop().advance(1s);
  }
  CHECK(net.use(&SwarmLimits::streams_per_protocol_and_peer_max).used == 256);
  CHECK(net.use(&SwarmLimits::streams_per_protocol_and_peer_max).refused > 1000);
  CHECK((*attacker)->is_open());
  const auto honest = net.connect(net.add());
  net.open_on(*honest, 1);
  CHECK(net.use(&SwarmLimits::streams_max).used == 257);
  net.check_all_is_given_back();
}
