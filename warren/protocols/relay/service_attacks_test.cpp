// What was tried on other relays, in exact bytes: they answer as they should, dial nobody, stay within their
// bounds, and serve the others.
#include "warren/protocols/relay/test_relay.hpp"

using namespace warren;
using namespace warren::relay;
using namespace warren::testing;

namespace {

// HopMessage{CONNECT, Peer{id, {address}}}, framed.
Bytes connect_by_address(const PeerId& peer, std::string_view address_hex) {
  const Bytes address = hex(address_hex);
  const Bytes inner = Writer().u8(0x0a).delimited(peer.bytes()).u8(0x12).delimited(address).take();
  const Bytes message = Writer().bytes(hex("0801")).u8(0x12).delimited(inner).take();
  return Writer().delimited(message).take();
}

}  // namespace

TEST_CASE_FIXTURE(RelayTest, "a CONNECT that names an address makes nobody dial it") {
  for (const std::string_view address : {
           "047f000001060016",  // 127.0.0.1:22
           "04a9fea9fe060050",  // 169.254.169.254:80, a cloud's metadata
           "040a000001060050",  // 10.0.0.1
           "04c0a80001060050",  // 192.168.0.1
           "0400000000060050",  // 0.0.0.0
           "290000000000000000000000000000000106"
           "0050",  // ::1
           "2900000000000000000000ffff7f00000106"
           "0050",  // ::ffff:127.0.0.1
           "2900000000000000000000ffffa9fea9fe06"
           "0050",  // ::ffff:169.254.169.254
           "29fe80000000000000000000000000000106"
           "0050",  // link-local
           "29fd00ec2000000000000000000000025406"
           "0050",  // metadata over IPv6
           "360a6c6f63616c686f737406"
           "0050",  // /dns4/localhost..., cut short
           "04cb00710906"
           "0fa1"
           "a202",            // a public one, over a circuit
           "9003042f746d70",  // /unix/tmp
           "7f7f7f7f",
           "",
       }) {
    INFO(address);
    // To somebody who holds nothing here, and to who does: only the reservation counts.
    CHECK(status_of(bob, connect_by_address(keyless_peer(77), address)) == Status::kNoReservation);
    CHECK(status_of(bob, connect_by_address(host.peer_id(), address)) == Status::kNoReservation);
  }
  CHECK(host.dials == 0);
  CHECK(alice->offered.empty());
  CHECK(service.counters().circuits_opened == 0);
}

TEST_CASE_FIXTURE(RelayTest, "a holder is reached over its connection, whatever address is named") {
  CHECK(reserve(alice) == Status::kOk);
  const StreamPtr stream = host.speak(bob, kHopProtocol);
  world.run(stream->write(connect_by_address(alice->remote_peer(), "047f000001060016")));
  world.loop().run_until_idle();
  REQUIRE(alice->offered.size() == 1);
  const auto stop =
      value_or_throw(decode_stop(world.run(read_delimited(*alice->offered.front().second, kMessageSizeMax))));
  CHECK(stop.peer->id == bob->remote_peer());
  CHECK(stop.peer->addresses.empty());
  CHECK(host.dials == 0);
}

TEST_CASE_FIXTURE(RelayTest, "what is no request is answered so") {
  CHECK(status_of(bob, hex("020801")) == Status::kMalformedMessage);              // CONNECT to nobody
  CHECK(status_of(bob, hex("0408011200")) == Status::kMalformedMessage);          // to a peer without a name
  CHECK(status_of(bob, hex("080801120412020000")) == Status::kMalformedMessage);  // and with an address only
  CHECK(status_of(bob, hex("020803")) == Status::kMalformedMessage);              // a type that nobody knows
  CHECK(status_of(bob, hex("0408022864")) == Status::kUnexpectedMessage);         // STATUS:OK
  CHECK(status_of(bob, hex("03ffffff")) == Status::kMalformedMessage);
  CHECK(status_of(bob, hex("8120")) == Status::kMalformedMessage);                    // of 4097 bytes
  CHECK(status_of(bob, hex("ffffffffffffffff7f")) == Status::kMalformedMessage);      // of 2^63
  CHECK(status_of(bob, hex("ffffffffffffffffffff01")) == Status::kMalformedMessage);  // of no such size
  CHECK(reserve(alice) == Status::kOk);
}

TEST_CASE_FIXTURE(RelayTest, "who says nothing, or half of it, is heard for some seconds only") {
  for (const std::string_view begin : {"", "ff", "40", "400800"}) {
    INFO(begin);
    const Instant began = world.clock().now();
    CHECK(!say(bob, hex(begin)));
    CHECK(world.clock().now() - began == kMessageTimeout);
  }
  CHECK(bob->is_open());
}

TEST_CASE_FIXTURE(RelayTest, "who never reads the answer does not keep us") {
  std::vector<StreamPtr> ends;
  for (int i = 0; i < 100; ++i) {
    ends.push_back(host.speak(bob, kHopProtocol));
    world.run(ends.back()->write(hex("020800")));
  }
  world.loop().advance(2 * kMessageTimeout);
  for (const StreamPtr& end : ends) {
    const auto rest = world.run(as_result(end->write(Bytes(1))));
    CHECK(!rest);
  }
  CHECK(reserve(alice) == Status::kOk);
}

TEST_CASE("a crowd asks for reservations without end: bounded, and holders keep theirs") {
  Limit all("", "", 50);
  RelayTest relay({}, {.reservations = &all});
  CHECK(relay.reserve(relay.alice) == Status::kOk);
  std::size_t granted = 0;
  for (std::uint32_t i = 0; i < 300; ++i) {
    const auto link = relay.host.come(
        1000 + i, "/ip4/203." + std::to_string(i / 100) + "." + std::to_string(i % 100) + ".1/tcp/1");
    granted += relay.reserve(link) == Status::kOk;
  }
  CHECK(granted == 49);
  CHECK(all.used() == 50);
  CHECK(all.use().refused == 300 - 49);
  CHECK(relay.service.counters().reservations == 50);
  CHECK(relay.reserve(relay.alice) == Status::kOk);
  CHECK(relay.open_circuit() == Status::kOk);
}

TEST_CASE_FIXTURE(RelayTest, "a holder who takes circuits and never answers has so many at a time") {
  CHECK(reserve(alice) == Status::kOk);
  std::vector<StreamPtr> ends;
  for (int i = 0; i < 40; ++i) {
    ends.push_back(host.speak(bob, kHopProtocol));
    world.run(ends.back()->write(framed(connect_to(alice->remote_peer()))));
  }
  world.loop().run_until_idle();
  CHECK(alice->offered.size() == 16);
  CHECK(service.counters().circuits == 16);
  world.loop().advance(kStopTimeout);
  CHECK(service.counters().circuits == 0);
  alice->offered.clear();
  CHECK(open_circuit() == Status::kOk);
}

TEST_CASE_FIXTURE(RelayTest, "ends that never read cost no more than their buffers") {
  CHECK(reserve(alice) == Status::kOk);
  std::vector<StreamPtr> ends;
  for (int i = 0; i < 16; ++i) {
    REQUIRE(open_circuit() == Status::kOk);
    ends.push_back(std::move(at_alice));
    ends.push_back(std::move(at_bob));
  }
  for (const StreamPtr& end : ends) {
    // As much as is taken; then the writer waits, and gives up.
    const Bytes much(120 * 1024);
    CHECK(!world.run(as_result(with_timeout(world.clock(), 1s, end->write(much)))));
  }
  CHECK(service.counters().bytes_relayed <= ends.size() * 32 * 1024);
  CHECK(service.counters().circuits == 16);
}
