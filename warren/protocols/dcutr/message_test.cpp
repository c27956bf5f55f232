// The message of DCUtR in exact bytes, and what others may write instead.
#include "warren/protocols/dcutr/message.hpp"

#include <doctest/doctest.h>

#include <ostream>

#include "warren/base/protobuf_wire.hpp"
#include "warren/core/test_values.hpp"

using namespace warren;
using namespace warren::dcutr;
using namespace warren::testing;

namespace {

const Multiaddr kQuic = address("/ip4/192.0.2.1/udp/4001/quic-v1");
const Multiaddr kTcp = address("/ip4/192.0.2.1/tcp/4001");

Bytes connect_with(std::size_t count, BytesView address) {
  ProtobufWriter writer;
  writer.varint(1, 100);
  for (std::size_t i = 0; i < count; ++i) writer.bytes(2, address);
  return writer.take();
}

}  // namespace

TEST_CASE("CONNECT and SYNC are these bytes") {
  const Message connect{Message::Type::kConnect, {kQuic, kTcp}};
  CHECK(to_hex(encode(connect)) ==
        "0864"
        "120b04c000020191020fa1cd03"
        "120804c0000201060fa1");
  CHECK(decode(encode(connect)) == connect);
  const Message sync{Message::Type::kSync, {}};
  CHECK(encode(sync) == hex("08ac02"));
  CHECK(decode(hex("08ac02")) == sync);
  const Message nothing{Message::Type::kConnect, {}};
  CHECK(encode(nothing) == hex("0864"));
  CHECK(decode(hex("0864")) == nothing);
}

TEST_CASE("what others leave out, add or turn round is read as they mean it") {
  // Addresses first, unknown fields of three kinds between, an overlong varint, the type last and twice.
  CHECK(decode(hex("120804c0000201060fa1"
                   "1801"
                   "2203616263"
                   "2d01020304"
                   "08ac8200"
                   "08e400")) == Message{Message::Type::kConnect, {kTcp}});
  // A SYNC with addresses is one all the same (rust-libp2p reads no more of it than the type).
  CHECK(decode(hex("08ac02120804c0000201060fa1"))->type == Message::Type::kSync);
  // Addresses that cannot be read are skipped: empty, of an unknown protocol, cut off.
  CHECK(decode(hex("0864"
                   "1200"
                   "1202ff7f"
                   "120704c0000201060f"
                   "120804c0000201060fa1")) == Message{Message::Type::kConnect, {kTcp}});
}

TEST_CASE("what is no message of DCUtR is malformed") {
  CHECK(decode({}).error() == Errc::kMalformed);  // no type
  CHECK(decode(hex("120804c0000201060fa1")).error() == Errc::kMalformed);
  CHECK(decode(hex("0800")).error() == Errc::kMalformed);        // of no such type
  CHECK(decode(hex("08c801")).error() == Errc::kMalformed);      // 200
  CHECK(decode(hex("0a0164")).error() == Errc::kMalformed);      // the type is no string
  CHECK(decode(hex("08641001")).error() == Errc::kMalformed);    // an address is no number
  CHECK(decode(hex("086412ff01")).error() == Errc::kTruncated);  // 255 bytes that are not there
  CHECK(decode(hex("0864128080808080808080808001")).has_value() == false);
}

TEST_CASE("the addresses of a message are bounded, whatever they are") {
  CHECK(decode(connect_with(10'000, kTcp.bytes()))->addresses.size() == kMessageAddressesMax);
  CHECK(decode(connect_with(1'500, {}))->addresses.empty());
  Bytes late = connect_with(kMessageAddressesMax, {});
  const Bytes good = ProtobufWriter().bytes(2, kTcp.bytes()).take();
  late.insert(late.end(), good.begin(), good.end());
  CHECK(decode(late)->addresses.empty());
}

TEST_CASE("a CONNECT has room for so many addresses") {
  CHECK(count_that_fit({}) == 0);
  CHECK(count_that_fit({kTcp, kQuic}) == 2);
  std::vector<Multiaddr> many(1'000, address("/ip6/2001:db8::1/udp/4001/quic-v1"));
  many.resize(count_that_fit(many));
  CHECK(many.size() > 64);
  const Message full{Message::Type::kConnect, many};
  CHECK(encode(full).size() <= kMessageSizeMax);
  CHECK(encode(full).size() > kMessageSizeMax - 32);
  // One that takes all of it leaves no room, and is not told.
  Multiaddr huge;
  for (int i = 0; i < 9; ++i) huge = huge.with(Protocol::kHttpPath, Bytes(500, 'a'));
  CHECK(count_that_fit({kTcp, huge, kTcp}) == 1);
}
