// The relay's messages in exact bytes, and vouchers that are true, forged, or somebody else's.
#include "warren/protocols/relay/message.hpp"

#include <doctest/doctest.h>

#include "warren/base/protobuf_wire.hpp"
#include "warren/core/test_values.hpp"
#include "warren/crypto/signed_envelope.hpp"
#include "warren/protocols/relay/voucher.hpp"

using namespace warren;
using namespace warren::relay;
using namespace warren::testing;

TEST_CASE("hop messages are these bytes") {
  CHECK(encode(HopMessage{}) == hex("0800"));
  const HopMessage refusal{.type = HopMessage::Type::kStatus,
                           .peer = {},
                           .reservation = {},
                           .limit = {},
                           .status = Status::kNoReservation};
  CHECK(encode(refusal) == hex("080228cc01"));
  const HopMessage granted{
      .type = HopMessage::Type::kStatus,
      .peer = {},
      .reservation = Reservation{1'700'000'000, {address("/ip4/192.0.2.1/tcp/4001")}, {0xab}},
      .limit = {.time_max = 2min, .bytes_max = 128 * 1024},
      .status = Status::kOk};
  CHECK(to_hex(encode(granted)) ==
        "08021a13"
        "0880e2cfaa06"
        "120804c0000201060fa1"
        "1a01ab"
        "22060878108080082864");
  CHECK(decode_hop(encode(granted)) == granted);
  const HopMessage connect{.type = HopMessage::Type::kConnect,
                           .peer = Peer{peer_of(1), {address("/ip4/127.0.0.1/tcp/22")}},
                           .reservation = {},
                           .limit = {},
                           .status = {}};
  CHECK(decode_hop(encode(connect)) == connect);
}

TEST_CASE("stop messages are these bytes") {
  const StopMessage connect{.type = StopMessage::Type::kConnect,
                            .peer = Peer{peer_of(1), {}},
                            .limit = {.time_max = 1500ms, .bytes_max = 0},
                            .status = {}};
  // Begun seconds count whole.
  CHECK(to_hex(encode(connect)) ==
        "0800"
        "12280a26" +
            to_hex(peer_of(1).bytes()) + "1a0408021000");
  const StopMessage ok{.type = StopMessage::Type::kStatus, .peer = {}, .limit = {}, .status = Status::kOk};
  CHECK(encode(ok) == hex("08012064"));
  CHECK(decode_stop(hex("08012064")) == ok);
}

TEST_CASE("what others leave out or add is read as they mean it") {
  CHECK(decode_hop({}) == HopMessage{});  // go reads no type as the first one
  CHECK(decode_hop(hex("2864080299010000000000000000"))->status == Status::kOk);  // any order, unknown fields
  CHECK(decode_hop(hex("080228cf0f"))->status == static_cast<Status>(1999));
  CHECK(to_string(static_cast<Status>(1999)) == "UNKNOWN");
  CHECK(error_of(static_cast<Status>(1999)) == Errc::kRelayFailed);
  CHECK(decode_hop(hex("08022200"))->limit == CircuitLimits{});
  // An address of a protocol that nobody knows is left out, the others are not.
  const auto known =
      decode_hop(hex("08021a0e"
                     "12027f7f"
                     "120804c000020106"
                     "0fa1"));
  REQUIRE(known);
  CHECK(known->reservation->addresses == std::vector{address("/ip4/192.0.2.1/tcp/4001")});
}

TEST_CASE("what is no message is refused") {
  for (const std::string_view bad : {"0803", "08ffffffffffffffffff01", "1200", "12020a00", "12040a021200",
                                     "08", "0a0100", "2a0100", "1a0108", "2201ff", "12ffffffff0f"}) {
    INFO(bad);
    CHECK(!decode_hop(hex(bad)));
  }
  CHECK(!decode_stop(hex("0802")));
  CHECK(!decode_stop(hex("08001200")));
}

TEST_CASE("thousands of addresses neither come in nor go out") {
  HopMessage message{.type = HopMessage::Type::kStatus,
                     .peer = {},
                     .reservation = Reservation{1, {}, Bytes(2000, 7)},
                     .limit = {},
                     .status = Status::kOk};
  for (int i = 0; i < 5000; ++i) {
    message.reservation->addresses.push_back(address("/ip4/192.0.2.1/tcp/" + std::to_string(1 + i)));
  }
  CHECK(encode(message).size() <= kMessageSizeMax);
  CHECK(decode_hop(encode(message))->reservation->addresses.size() == kMessageAddressesMax);
  message.reservation->addresses.assign(20, address("/dns/" + std::string(200, 'a') + "/tcp/1"));
  CHECK(encode(message).size() <= kMessageSizeMax);
  CHECK(decode_hop(encode(message))->reservation->voucher.size() == 2000);

  ProtobufWriter peer;
  peer.bytes(1, peer_of(1).bytes());
  for (int i = 0; i < 5000; ++i) peer.bytes(2, address("/ip4/192.0.2.1/tcp/1").bytes());
  ProtobufWriter crowded;
  crowded.varint(1, 1).bytes(2, peer.view());
  CHECK(decode_hop(crowded.view())->peer->addresses.size() == kMessageAddressesMax);
}

TEST_CASE("a voucher is a signed envelope of its relay") {
  const PrivateKey relay = key_of(1);
  const Voucher voucher{peer_of(1), peer_of(2), 1'700'000'000};
  const Bytes sealed = voucher.seal(relay);
  CHECK(Voucher::open(sealed) == voucher);
  const auto opened = value_or_throw(SignedEnvelope::open(sealed, "libp2p-relay-rsvp", hex("0302")));
  CHECK(to_hex(opened.payload) ==
        "0a26" + to_hex(peer_of(1).bytes()) + "1226" + to_hex(peer_of(2).bytes()) + "1880e2cfaa06");

  const WallTime before = from_unix_ms(1'699'999'999'000);
  CHECK(check_voucher(sealed, peer_of(1), peer_of(2), before) == voucher);
  CHECK(check_voucher(sealed, peer_of(1), peer_of(3), before).error() == Errc::kPeerIdMismatch);
  CHECK(check_voucher(sealed, peer_of(3), peer_of(2), before).error() == Errc::kPeerIdMismatch);
  CHECK(check_voucher(sealed, peer_of(1), peer_of(2), from_unix_ms(1'700'000'000'000)).error() ==
        Errc::kNotValidNow);
}

TEST_CASE("a forged voucher is none") {
  const Voucher voucher{peer_of(1), peer_of(2), 1'700'000'000};
  // Signed by another one than it names.
  CHECK(Voucher::open(voucher.seal(key_of(3))).error() == Errc::kPeerIdMismatch);
  // Every byte counts.
  const Bytes sealed = voucher.seal(key_of(1));
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    Bytes changed = sealed;
    changed[i] ^= 1;
    INFO(i);
    CHECK(!Voucher::open(changed));
  }
  // Under another domain; of another type; not in the canonical form.
  const auto opened = value_or_throw(SignedEnvelope::open(sealed, kVoucherDomain, kVoucherPayloadType));
  const PrivateKey relay = key_of(1);
  CHECK(!Voucher::open(
      SignedEnvelope::seal(relay, "libp2p-peer-record", kVoucherPayloadType, opened.payload).encode()));
  CHECK(!Voucher::open(SignedEnvelope::seal(relay, kVoucherDomain, hex("0301"), opened.payload).encode()));
  Bytes longer = opened.payload;
  append(longer, hex("2001"));
  CHECK(Voucher::open(SignedEnvelope::seal(relay, kVoucherDomain, kVoucherPayloadType, longer).encode())
            .error() == Errc::kMalformed);
  CHECK(!Voucher::open({}));
}
