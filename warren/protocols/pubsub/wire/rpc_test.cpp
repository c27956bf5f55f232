#include "warren/protocols/pubsub/wire/rpc.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "warren/base/protobuf_wire.hpp"
#include "warren/crypto/testing.hpp"

namespace warren::pubsub {
namespace {

using warren::testing::hex;

std::string written(const Rpc& rpc) {
  return to_hex(*write_rpc(rpc));
}

// The RPC in a frame; the length must be the rest's.
BytesView content(const Frame& frame) {
  std::size_t size = 0;
  std::size_t at = 0;
  for (int shift = 0;; shift += 7) {
    size |= static_cast<std::size_t>((*frame)[at] & 0x7f) << shift;
    if (((*frame)[at++] & 0x80) == 0) break;
  }
  REQUIRE(frame->size() == at + size);
  return BytesView(*frame).subspan(at);
}

std::error_code refused(BytesView bytes, const RpcLimits& limits = {}) {
  const auto rpc = read_rpc(bytes, limits);
  return rpc ? std::error_code() : rpc.error();
}

// `count` times the same field with the same content.
Bytes repeated(std::uint32_t field, BytesView content, std::size_t count) {
  ProtobufWriter writer;
  for (std::size_t i = 0; i < count; ++i) writer.bytes(field, content);
  return writer.take();
}

TEST_CASE("each part of an RPC has the bytes of the protobuf") {
  Rpc rpc;
  CHECK(rpc.empty());
  CHECK(written(rpc) == "00");

  SUBCASE("subscriptions") {
    rpc.subscriptions = {{true, "a"}, {false, "bc"}};
    CHECK(written(rpc) ==
          "0f"
          "0a05"
          "0801"
          "120161"
          "0a06"
          "0800"
          "12026263");
  }
  SUBCASE("messages") {
    const Bytes one = hex("220161");
    rpc.messages = {one, one};
    CHECK(written(rpc) ==
          "0a"
          "1203220161"
          "1203220161");
  }
}

TEST_CASE("each part of a control message has the bytes of the protobuf") {
  Rpc rpc;
  SUBCASE("IHAVE") {
    const Bytes id = hex("ff00");
    rpc.control.ihave = {{"a", {id, id}}, {"b", {}}};
    CHECK(written(rpc) ==
          "14"
          "1a12"
          "0a0b"
          "0a0161"
          "1202ff00"
          "1202ff00"
          "0a03"
          "0a0162");
  }
  SUBCASE("IWANT and IDONTWANT") {
    const Bytes id = hex("ff00");
    rpc.control.iwant = {id};
    rpc.control.idontwant = {id, id};
    CHECK(written(rpc) ==
          "12"
          "1a10"
          "1204"
          "0a02ff00"
          "2a08"
          "0a02ff00"
          "0a02ff00");
  }
  SUBCASE("GRAFT and PRUNE") {
    const Bytes peer = hex("0102");
    const Bytes record = hex("03");
    rpc.control.graft = {"a"};
    rpc.control.prune = {{"b", {{peer, record}, {peer, {}}}, 60}, {"c", {}, std::nullopt}};
    CHECK(written(rpc) ==
          "22"
          "1a20"
          "1a03"
          "0a0161"
          "2214"
          "0a0162"
          "1207"
          "0a020102"
          "120103"
          "1204"
          "0a020102"
          "183c"
          "2203"
          "0a0163");
  }
  SUBCASE("extensions") {
    rpc.extensions.emplace();
    CHECK(!rpc.empty());
    CHECK(written(rpc) ==
          "04"
          "1a02"
          "3200");
  }
}

TEST_CASE("the frame of one message is that of an RPC with it") {
  const Bytes message(300, 7);
  Rpc rpc;
  rpc.messages = {message};
  CHECK(*message_frame(message) == *write_rpc(rpc));
  CHECK(to_hex(BytesView(*message_frame(message)).first(5)) == "af0212ac02");
  CHECK(to_hex(*message_frame({})) == "021200");
}

TEST_CASE("what is written is read, and borrows from the frame") {
  const Bytes id = hex("ff00");
  const Bytes peer = hex("0102");
  const Bytes message(2000, 9);
  Rpc rpc;
  rpc.subscriptions = {{true, "a"}, {false, ""}};
  rpc.messages = {message, {}};
  rpc.control.ihave = {{"a", {id, id}}, {"b", {}}};
  rpc.control.iwant = {id};
  rpc.control.graft = {"a", "b"};
  rpc.control.prune = {{"b", {{peer, id}, {peer, {}}}, ~std::uint64_t{0}}, {"c", {}, std::nullopt}};
  rpc.control.idontwant = {id, id, id};
  rpc.extensions.emplace();
  const Frame frame = write_rpc(rpc);
  const Rpc read = value_or_throw(read_rpc(content(frame)));
  REQUIRE(read.subscriptions.size() == 2);
  CHECK(read.subscriptions[0].subscribe);
  CHECK(read.subscriptions[0].topic == "a");
  CHECK(!read.subscriptions[1].subscribe);
  REQUIRE(read.messages.size() == 2);
  CHECK(equal(read.messages[0], message));
  CHECK(read.messages[0].data() > frame->data());
  CHECK(read.messages[0].data() + read.messages[0].size() < frame->data() + frame->size());
  REQUIRE(read.control.ihave.size() == 2);
  CHECK(read.control.ihave[0].ids.size() == 2);
  CHECK(read.control.iwant.size() == 1);
  CHECK(read.control.graft == rpc.control.graft);
  REQUIRE(read.control.prune.size() == 2);
  CHECK(read.control.prune[0].peers.size() == 2);
  CHECK(equal(read.control.prune[0].peers[0].signed_peer_record, id));
  CHECK(read.control.prune[0].backoff_s == ~std::uint64_t{0});
  CHECK(!read.control.prune[1].backoff_s);
  CHECK(read.control.idontwant.size() == 3);
  CHECK(read.extensions);
  CHECK(*write_rpc(read) == *frame);
}

TEST_CASE("what others may write is read") {
  SUBCASE("nothing") {
    CHECK(value_or_throw(read_rpc({})).empty());
  }
  SUBCASE("fields of later versions, at all levels") {
    // A subscription that prefers partial messages, go's partial field, and its test extension.
    const Bytes bytes =
        hex("0a09"
            "0801"
            "120161"
            "1801"
            "2001"
            "5200"
            "9291e21800");
    const Rpc rpc = value_or_throw(read_rpc(bytes));
    REQUIRE(rpc.subscriptions.size() == 1);
    CHECK(rpc.subscriptions[0].topic == "a");
    const Bytes extensions =
        hex("1a09"
            "3207"
            "5001"
            "9091e21801");
    CHECK(value_or_throw(read_rpc(extensions)).extensions);
  }
  SUBCASE("IWANT in several entries, in several control messages") {
    const Bytes bytes =
        hex("1a0a"
            "1203"
            "0a0101"
            "1203"
            "0a0102"
            "1a05"
            "1203"
            "0a0103");
    CHECK(value_or_throw(read_rpc(bytes)).control.iwant.size() == 3);
  }
  SUBCASE("a PRUNE of v1.0, and a graft without topic") {
    const Bytes bytes =
        hex("1a07"
            "2203"
            "0a0161"
            "1a00");
    const Rpc rpc = value_or_throw(read_rpc(bytes));
    REQUIRE(rpc.control.prune.size() == 1);
    CHECK(!rpc.control.prune[0].backoff_s);
    CHECK(rpc.control.graft.size() == 1);
  }
}

TEST_CASE("truncations and other wire types are refused at every level") {
  Rpc rpc;
  const Bytes id = hex("ff00");
  rpc.subscriptions = {{true, "a"}};
  rpc.messages = {id};
  rpc.control.ihave = {{"a", {id}}};
  rpc.control.prune = {{"b", {{id, id}}, 300}};
  const Frame frame = write_rpc(rpc);
  const BytesView whole = content(frame);
  const std::size_t starts[] = {0, 7, 11};  // of the subscription, the message and the control message
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const bool between = std::ranges::find(starts, size) != std::end(starts);
    CHECK_MESSAGE(refused(whole.first(size)) == (between ? std::error_code() : Errc::kTruncated), size);
  }
  for (const char* bad : {"0801", "1001", "1801", "0a020a00", "0a021001", "1a020801", "1a021801",
                          "1a040a020801", "1a0412020801", "1a041a020801", "1a0422021a00",
                          "1a0622041202"
                          "0801",
                          "1a023001", "0b", "00", "1a0332010b"}) {
    CHECK_MESSAGE(refused(hex(bad)) == Errc::kMalformed, bad);
  }
  for (const char* bad :
       {"0a", "0aff", "12ffffffffffffffff7f", "12ffffffffffffffffff01", "1a0112", "1a020a05", "1a03320150"}) {
    CHECK_MESSAGE(refused(hex(bad)) == Errc::kTruncated, bad);
  }
}

TEST_CASE("an RPC, a topic and an id have a size") {
  CHECK(refused(repeated(2, Bytes(1024 * 1024 - 4), 1)) == std::error_code());
  CHECK(refused(repeated(2, Bytes(1024 * 1024 - 3), 1)) == Errc::kTooLarge);
  const RpcLimits limits;
  for (const std::size_t more : {0u, 1u}) {
    const std::error_code expected = more == 0 ? std::error_code() : make_error_code(Errc::kTooLarge);
    const Bytes topic(limits.topic_size_max + more, 'a');
    const Bytes id(limits.message_id_size_max + more, 1);
    const Bytes with_topic = repeated(1, topic, 1);
    CHECK(refused(repeated(1, repeated(2, topic, 1), 1)) == expected);
    for (const std::uint32_t kind : {1u, 3u, 4u}) {
      CHECK(refused(repeated(3, repeated(kind, with_topic, 1), 1)) == expected);
    }
    CHECK(refused(repeated(3, repeated(1, repeated(2, id, 1), 1), 1)) == expected);
    for (const std::uint32_t kind : {2u, 5u}) {
      CHECK(refused(repeated(3, repeated(kind, repeated(1, id, 1), 1), 1)) == expected);
    }
  }
}

// Millions of entries of no bytes have made others take gigabytes for one frame.
TEST_CASE("entries are counted over all lists, before memory is taken for them") {
  const RpcLimits limits;
  const std::size_t most = limits.entries_max;
  struct Kind {
    const char* name;
    Bytes (*make)(std::size_t);
    std::size_t around;  // entries that are there anyway
  };
  const Kind kinds[] = {
      {"subscriptions", [](std::size_t n) { return repeated(1, {}, n); }, 0},
      {"messages", [](std::size_t n) { return repeated(2, {}, n); }, 0},
      {"controls", [](std::size_t n) { return repeated(3, {}, n); }, 0},
      {"ihave", [](std::size_t n) { return repeated(3, repeated(1, {}, n), 1); }, 1},
      {"iwant", [](std::size_t n) { return repeated(3, repeated(2, {}, n), 1); }, 1},
      {"graft", [](std::size_t n) { return repeated(3, repeated(3, {}, n), 1); }, 1},
      {"prune", [](std::size_t n) { return repeated(3, repeated(4, {}, n), 1); }, 1},
      {"idontwant", [](std::size_t n) { return repeated(3, repeated(5, {}, n), 1); }, 1},
      {"extensions", [](std::size_t n) { return repeated(3, repeated(6, {}, n), 1); }, 1},
      {"ihave ids", [](std::size_t n) { return repeated(3, repeated(1, repeated(2, {}, n), 1), 1); }, 2},
      {"iwant ids", [](std::size_t n) { return repeated(3, repeated(2, repeated(1, {}, n), 1), 1); }, 2},
      {"idontwant ids", [](std::size_t n) { return repeated(3, repeated(5, repeated(1, {}, n), 1), 1); }, 2},
      {"offers", [](std::size_t n) { return repeated(3, repeated(4, repeated(2, {}, n), 1), 1); }, 2},
  };
  for (const Kind& kind : kinds) {
    CAPTURE(kind.name);
    CHECK(refused(kind.make(most - kind.around)) == std::error_code());
    CHECK(refused(kind.make(most - kind.around + 1)) == Errc::kTooLarge);
    CHECK(refused(kind.make(500'000)) == Errc::kTooLarge);
    // Half of another kind leaves room for half of this one only.
    Bytes mixed = repeated(1, {}, most / 2);
    append(mixed, kind.make(most / 2 + 1));
    CHECK(refused(mixed) == Errc::kTooLarge);
  }
}

TEST_CASE("a large RPC is split between its entries") {
  const std::size_t size_max = 1000;
  const Bytes id(46, 5);
  const Bytes message(400, 6);
  Rpc rpc;
  for (int i = 0; i < 50; ++i) rpc.subscriptions.push_back({true, "a topic with a name"});
  rpc.messages.assign(5, message);
  rpc.control.ihave = {{"a", std::vector<BytesView>(100, id)}, {"b", {}}, {"c", {id}}};
  rpc.control.iwant.assign(100, id);
  rpc.control.graft.assign(100, "a topic with a name");
  rpc.control.prune.assign(20, {"b", {{id, message}}, 60});
  rpc.control.idontwant.assign(100, id);
  rpc.extensions.emplace();
  const auto frames = write_split(rpc, size_max);
  CHECK(frames.size() > 20);
  CHECK(frames.size() < 60);
  Rpc all;
  std::size_t extensions = 0;
  for (const Frame& frame : frames) {
    CHECK(content(frame).size() <= size_max);
    const Rpc part = value_or_throw(read_rpc(content(frame)));
    extensions += part.extensions.has_value();
    const auto join = [](auto& to, const auto& from) { to.insert(to.end(), from.begin(), from.end()); };
    join(all.subscriptions, part.subscriptions);
    join(all.messages, part.messages);
    join(all.control.iwant, part.control.iwant);
    join(all.control.graft, part.control.graft);
    join(all.control.prune, part.control.prune);
    join(all.control.idontwant, part.control.idontwant);
    for (const IHave& have : part.control.ihave) {
      if (all.control.ihave.empty() || all.control.ihave.back().topic != have.topic) {
        all.control.ihave.push_back(have);
      } else {
        join(all.control.ihave.back().ids, have.ids);
      }
    }
  }
  CHECK(extensions == 1);
  CHECK(value_or_throw(read_rpc(content(frames[0]))).extensions);
  all.extensions = rpc.extensions;
  CHECK(*write_rpc(all) == *write_rpc(rpc));
}

TEST_CASE("an RPC that is small enough is one frame, and nothing is none") {
  Rpc rpc;
  CHECK(write_split(rpc, 1000).empty());
  rpc.control.graft = {"a"};
  const auto frames = write_split(rpc, 1000);
  REQUIRE(frames.size() == 1);
  CHECK(*frames[0] == *write_rpc(rpc));
}

TEST_CASE("what is larger than a frame may be goes alone") {
  const Bytes id(200, 1);
  Rpc rpc;
  rpc.messages = {id, id};
  rpc.control.ihave = {{"a", {id, id}}};
  rpc.control.iwant = {id, id};
  const auto frames = write_split(rpc, 100);
  CHECK(frames.size() == 6);
}

TEST_CASE("nobody is sent more entries than are read") {
  Rpc rpc;
  rpc.control.iwant.assign(50'000, BytesView());
  rpc.control.ihave = {{"a", std::vector<BytesView>(50'000)}};
  std::size_t ids = 0;
  for (const Frame& frame : write_split(rpc, 1024 * 1024)) {
    const Rpc part = value_or_throw(read_rpc(content(frame)));
    ids += part.control.iwant.size();
    for (const IHave& have : part.control.ihave) ids += have.ids.size();
  }
  CHECK(ids == 100'000);
}

TEST_CASE("versions have their protocols") {
  CHECK(protocol_of(Version::kFloodsub) == "/floodsub/1.0.0");
  CHECK(protocol_of(Version::kV10) == "/meshsub/1.0.0");
  CHECK(protocol_of(Version::kV11) == "/meshsub/1.1.0");
  CHECK(protocol_of(Version::kV12) == "/meshsub/1.2.0");
  CHECK(protocol_of(Version::kV13) == "/meshsub/1.3.0");
}

}  // namespace
}  // namespace warren::pubsub
