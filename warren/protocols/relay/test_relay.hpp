// Test support: a relay on a fake host, with alice who may hold a reservation there and bob who may ask for
// her.
#pragma once

#include <doctest/doctest.h>

#include "warren/async/as_result.hpp"
#include "warren/base/writer.hpp"
#include "warren/core/stream.hpp"
#include "warren/protocols/relay/service.hpp"
#include "warren/protocols/relay/test_host.hpp"

namespace warren::relay {

inline constexpr std::string_view kAlice = "/ip4/192.0.2.1/tcp/4001";
inline constexpr std::string_view kBob = "/ip4/198.51.100.1/tcp/4001";

inline Task<Bytes> ask(ByteStream& stream, Bytes framed) {
  co_await stream.write(framed);
  co_return co_await read_delimited(stream, kMessageSizeMax);
}

inline Task<Bytes> read_some_of(ByteStream& stream) {
  Bytes buffer(64 * 1024);
  const std::size_t size = co_await stream.read_some(buffer);
  buffer.resize(size);
  co_return buffer;
}

inline Bytes framed(const auto& message) {
  const Bytes encoded = encode(message);
  return Writer().delimited(encoded).take();
}
inline HopMessage connect_to(const PeerId& peer) {
  return {.type = HopMessage::Type::kConnect,
          .peer = Peer{peer, {}},
          .reservation = {},
          .limit = {},
          .status = {}};
}
inline StopMessage stop_status(Status status) {
  return {.type = StopMessage::Type::kStatus, .peer = {}, .limit = {}, .status = status};
}

struct RelayTest {
  explicit RelayTest(ServiceConfig config = {}, ServiceAccounts accounts = {})
      : service(host, config, accounts) {
    host.listens_at = {testing::address("/ip4/203.0.113.1/tcp/4001"),
                       testing::address("/ip4/127.0.0.1/tcp/4001")};
    service.start();
  }
  ~RelayTest() {
    host.go_all();
    world.run(service.close());
    CHECK(host.dials == 0);
    CHECK(host.protected_peers.empty());
    CHECK(service.counters().reservations == 0);
    CHECK(service.counters().circuits == 0);
  }

  using Link = FakeHost::Link;

  // The answer to these bytes on a stream of their own; an error when there is none.
  Result<HopMessage> say(const Link& link, Bytes bytes) {
    const StreamPtr stream = host.speak(link, kHopProtocol);
    const auto answer = world.run(as_result(ask(*stream, std::move(bytes))));
    if (!answer) return fail(answer.error());
    return decode_hop(*answer);
  }
  Status status_of(const Link& link, Bytes bytes) {
    const auto answer = say(link, std::move(bytes));
    return answer && answer->status ? *answer->status : Status::kUnused;
  }
  Status reserve(const Link& link) { return status_of(link, framed(HopMessage{})); }

  // A circuit from bob to alice, who answers STOP with these bytes; the relay's answer to bob.
  Status open_circuit(const Bytes& answer = framed(stop_status(Status::kOk))) {
    at_bob = host.speak(bob, kHopProtocol);
    world.run(at_bob->write(framed(connect_to(alice->remote_peer()))));
    world.loop().run_until_idle();
    if (!alice->offered.empty()) {
      CHECK(alice->offered.back().first == kStopProtocol);
      at_alice = std::move(alice->offered.back().second);
      alice->offered.clear();
      invitation = world.run(read_delimited(*at_alice, kMessageSizeMax));
      if (!answer.empty()) world.run(at_alice->write(answer));
    }
    const auto said = world.run(as_result(read_delimited(*at_bob, kMessageSizeMax)));
    if (!said) return Status::kUnused;
    at_connect = value_or_throw(decode_hop(*said));
    return at_connect.status.value_or(Status::kUnused);
  }
  std::string read(ByteStream& stream) {
    const auto bytes = world.run(as_result(read_some_of(stream)));
    return bytes ? to_text(*bytes) : bytes.error().message();
  }
  void write(ByteStream& stream, std::string_view text) {
    CHECK(world.run(as_result(stream.write(as_bytes(text)))));
  }

  sim::World world{81};
  FakeHost host{world, world.add_machine("relay")};
  Service service;
  Link alice = host.come(1, kAlice);
  Link bob = host.come(2, kBob);
  StreamPtr at_alice, at_bob;
  Bytes invitation;
  HopMessage at_connect;
};

}  // namespace warren::relay
