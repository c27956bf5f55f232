// What has taken other implementations down, byte by byte: here it is bounded.
// CVE-2026-33040, -34219, -95859, -46679, -86040.
#include <doctest/doctest.h>

#include <limits>

#include "warren/protocols/pubsub/router/test_routers.hpp"

using namespace warren;
using namespace warren::pubsub;
using namespace warren::pubsub::testing;

namespace {

constexpr std::size_t kPeersMax = 3;

// Whatever was said, this is all that is kept.
void check_sizes(const Lone& lone, const GossipParams& params = {}) {
  const RouterSizes sizes = lone.router.sizes();
  CHECK(sizes.topics <= params.topics_max + 1);
  CHECK(sizes.subscriptions <= kPeersMax * params.topics_per_peer_max);
  CHECK(sizes.seen <= params.seen_max);
  CHECK(sizes.cached_bytes <= params.history_bytes_max);
  CHECK(sizes.wanted <= kPeersMax * params.ihave_ids_max * 4);
  CHECK(sizes.promises <= kPeersMax * params.ihave_messages_max * 4);
  CHECK(sizes.known <= kPeersMax * params.idontwant_max * 3);
}

// PRUNE { topic "t", backoff }, as RPC bytes: control (3) { prune (4) { topic (1), backoff (3) } }.
Bytes prune_bytes(std::uint64_t backoff) {
  Bytes prune = from_hex("0a0174").value();
  append(prune, ProtobufWriter().varint(3, backoff).view());
  return ProtobufWriter().bytes(3, ProtobufWriter().bytes(4, prune).view()).take();
}

}  // namespace

TEST_CASE("PRUNE with a back-off of 2^64-1 seconds: alive an hour later, and the mesh mends") {
  Lone lone;
  lone.router.join("t", lone.now);
  const PeerId peer = lone.member(1, "t");
  REQUIRE(lone.in_mesh(peer, "t"));
  // RPC { control { prune { topicID: "t" backoff: 18446744073709551615 } } }
  const Bytes bytes = from_hex("1a10220e0a017418ffffffffffffffffff01").value();
  CHECK(bytes == prune_bytes(std::numeric_limits<std::uint64_t>::max()));
  CHECK(lone.router.receive(peer, BytesView(bytes), lone.now));
  CHECK_FALSE(lone.in_mesh(peer, "t"));
  lone.pass(61s);
  CHECK_FALSE(lone.in_mesh(peer, "t"));
  lone.graft(peer, "t");  // it says so itself
  CHECK_FALSE(lone.in_mesh(peer, "t"));
  lone.pass(3600s + 3s);
  CHECK(lone.in_mesh(peer, "t"));
}

TEST_CASE("PRUNE with a back-off that is i64::MAX minus the uptime: alive a minute later") {
  constexpr auto kMax = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  const auto uptime_s = static_cast<std::uint64_t>(kStart.time_since_epoch() / 1s);
  const auto uptime_ns = static_cast<std::uint64_t>(kStart.time_since_epoch().count());
  for (const std::uint64_t backoff :
       {kMax - uptime_s, kMax - uptime_s - 1, kMax - uptime_ns, kMax, (kMax - uptime_ns) / 1'000'000'000,
        (kMax - uptime_ns) / 1'000'000'000 + 1}) {
    Lone lone;
    lone.router.join("t", lone.now);
    const PeerId peer = lone.member(1, "t");
    const Bytes bytes = prune_bytes(backoff);
    CHECK(lone.router.receive(peer, BytesView(bytes), lone.now));
    for (int i = 0; i < 70; ++i) {
      lone.pass(1s);
      CHECK(lone.router.receive(peer, BytesView(bytes), lone.now));
    }
    CHECK(lone.router.next_wake() <= lone.now + 1s);
    const PeerId other = lone.member(2, "t");
    CHECK(lone.in_mesh(other, "t"));
  }
}

TEST_CASE("endless GRAFT for topics that we do not know: no answer, nothing kept") {
  Lone lone;
  const PeerId peer = lone.add(1);
  for (int i = 0; i < 20; ++i) {
    std::vector<Topic> topics;
    for (int k = 0; k < 1000; ++k) topics.push_back(std::to_string(i * 1000 + k));
    Rpc rpc;
    for (const Topic& topic : topics) rpc.control.graft.push_back(topic);
    lone.say(peer, rpc);
  }
  CHECK(lone.actions().empty());
  CHECK(lone.router.counters().grafts_in == 20'000);
  CHECK(lone.router.sizes().topics == 0);
  CHECK(lone.router.sizes().backoffs == 0);
}

TEST_CASE("endless GRAFT in the back-off: one PRUNE an RPC, and soon nothing is read") {
  Lone lone;
  lone.router.join("t", lone.now);
  const PeerId peer = lone.member(1, "t");
  lone.prune(peer, "t", 60);
  lone.sent();
  Rpc rpc;
  rpc.control.graft.assign(1000, "t");
  for (int i = 0; i < 100; ++i) lone.say(peer, rpc);
  CHECK(lone.sent().size() <= 2);
  CHECK(lone.router.counters().graylisted >= 98);
  CHECK(lone.router.sizes().backoffs == 1);
}

TEST_CASE("endless unique SUBSCRIBE: bounded for one peer and for all") {
  GossipParams params;
  params.topics_max = 1500;
  Lone lone(params);
  lone.router.join("mine", lone.now);
  for (std::uint32_t number = 1; number <= kPeersMax; ++number) {
    const PeerId peer = lone.add(number);
    for (int i = 0; i < 5; ++i) {
      std::vector<Topic> topics;
      for (int k = 0; k < 1000; ++k)
        topics.push_back(std::to_string(number) + "/" + std::to_string(i * 1000 + k));
      Rpc rpc;
      for (const Topic& topic : topics) rpc.subscriptions.push_back({true, topic});
      lone.say(peer, rpc);
    }
  }
  check_sizes(lone, params);
  CHECK(lone.router.sizes().topics == 1500);
  CHECK(lone.router.counters().refused_subscriptions == kPeersMax * 5000 - 1499);
  // Whom they have not crowded out: peers of our own topics.
  CHECK(lone.in_mesh(lone.member(9, "mine"), "mine"));
  for (std::uint32_t number = 1; number <= kPeersMax; ++number) {
    lone.router.remove_peer(numbered_peer(number), lone.now);
  }
  CHECK(lone.router.sizes().topics == 1);
}

TEST_CASE("one frame of many empty entries is refused before it costs memory") {
  Lone lone;
  const PeerId peer = lone.add(1);
  // subscriptions (1), publish (2), control (3), each empty; and control { ihave, iwant, graft, prune,
  // idontwant }.
  for (const char* entry :
       {"0a00", "1200", "1a00", "1a020a00", "1a021200", "1a021a00", "1a022200", "1a022a00"}) {
    const Bytes one = from_hex(entry).value();
    Bytes frame(RpcLimits().size_max / one.size() * one.size());
    for (std::size_t i = 0; i < frame.size(); ++i) frame[i] = one[i % one.size()];
    const auto received = lone.router.receive(peer, BytesView(frame), lone.now);
    CHECK((!received || received->empty()));
    CHECK(lone.actions().empty());
    CHECK(lone.router.sizes().topics == 0);
  }
}

TEST_CASE("IHAVE flood: so many ids a heartbeat are asked for, and memory is bounded") {
  Lone lone;
  lone.router.join("t", lone.now);
  const PeerId peer = lone.member(1, "t");
  lone.sent();
  std::size_t asked = 0;
  std::uint64_t number = 0;
  for (int beat = 0; beat < 12; ++beat) {
    for (int message = 0; message < 12; ++message) {
      std::vector<MessageId> ids;
      for (int i = 0; i < 1000; ++i) ids.push_back("id" + std::to_string(++number));
      Rpc rpc;
      rpc.control.ihave.push_back({"t", {}});
      for (const MessageId& id : ids) rpc.control.ihave[0].ids.push_back(as_bytes(id));
      lone.say(peer, rpc);
    }
    std::size_t now = 0;
    for (const Sent& one : lone.sent()) now += one.rpc.control.iwant.size();
    CHECK(now <= GossipParams().ihave_ids_max);
    asked += now;
    check_sizes(lone);
    lone.pass(1s);
  }
  CHECK(asked >= GossipParams().ihave_ids_max);
  CHECK(lone.router.score(peer, lone.now) < -400);  // all those promises
  CHECK(lone.router.counters().graylisted > 0);
  lone.pass(10s);
  CHECK(lone.router.sizes().wanted == 0);
  CHECK(lone.router.sizes().promises == 0);
}

TEST_CASE("IWANT flood: each message three times, and so many bytes a heartbeat") {
  GossipParams params;
  params.iwant_bytes_max = 20'000;
  Lone lone(params);
  lone.router.join("t", lone.now);
  const PeerId peer = lone.member(1, "t");
  std::vector<MessageId> ids;
  for (std::uint64_t i = 1; i <= 50; ++i) {
    const Bytes message = numbered_message(numbered_peer(0), i, "t", 1000);
    ids.push_back(value_or_throw(lone.router.publish(message, nullptr, lone.now)).id);
  }
  for (int i = 0; i < 2000; ++i) ids.push_back("unknown" + std::to_string(i % 999));
  lone.sent();
  std::size_t answered = 0;
  for (int beat = 0; beat < 10; ++beat) {
    std::size_t now = 0;
    for (int i = 0; i < 4; ++i) {
      Rpc rpc;
      for (const MessageId& id : ids) rpc.control.iwant.push_back(as_bytes(id));
      lone.say(peer, rpc);
    }
    for (const Sent& one : lone.sent()) now += one.rpc.messages.size();
    CHECK(now <= 20);
    answered += now;
    lone.pass(1s);
    lone.sent();
  }
  CHECK(answered > 20);  // some in each heartbeat
  CHECK(answered <= 3 * 50);
  CHECK(lone.router.counters().refused_ids > 10'000);
}

TEST_CASE("IDONTWANT flood: so many ids a heartbeat, forgotten after three") {
  Lone lone;
  lone.router.join("t", lone.now);
  std::uint64_t number = 0;
  for (std::uint32_t peer = 1; peer <= kPeersMax; ++peer) lone.member(peer, "t");
  for (int beat = 0; beat < 10; ++beat) {
    for (std::uint32_t peer = 1; peer <= kPeersMax; ++peer) {
      std::vector<MessageId> ids;
      for (int i = 0; i < 3000; ++i) ids.push_back("id" + std::to_string(++number));
      Rpc rpc;
      for (const MessageId& id : ids) rpc.control.idontwant.push_back(as_bytes(id));
      lone.say(numbered_peer(peer), rpc);
    }
    check_sizes(lone);
    CHECK(lone.actions().withdrawals.empty());
    lone.pass(1s);
  }
  CHECK(lone.router.sizes().known == kPeersMax * 3 * 1000);
}

TEST_CASE("messages without end: what is seen and cached is bounded") {
  GossipParams params;
  params.seen_max = 500;
  params.history_bytes_max = 100'000;
  Lone lone(params);
  lone.router.join("t", lone.now);
  const PeerId peer = lone.member(1, "t");
  for (std::uint64_t i = 1; i <= 1000; ++i) {
    const auto arrivals = lone.bring(peer, numbered_message(numbered_peer(9), i, "t", 500));
    REQUIRE(arrivals.size() == 1);
    lone.router.judge(arrivals[0], Verdict::kAccept, lone.now);
    lone.actions();
  }
  check_sizes(lone, params);
  CHECK(lone.router.sizes().seen == 500);
  CHECK(lone.router.sizes().pending == 0);
}

TEST_CASE("a peer below the graylist is not read, and its RPC is not even parsed") {
  Lone lone;
  lone.router.join("t", lone.now);
  const PeerId peer = lone.member(1, "t");
  const Bytes nonsense(100, 0xff);
  CHECK_FALSE(lone.router.receive(peer, BytesView(nonsense), lone.now));
  lone.router.blame(peer, 50);
  CHECK(lone.router.receive(peer, BytesView(nonsense), lone.now));
  CHECK(lone.bring(peer, numbered_message(numbered_peer(9), 1, "t", 10)).empty());
  CHECK(lone.router.counters().graylisted == 2);
}

TEST_CASE("a malformed message among good ones: nothing of the frame is taken") {
  Lone lone;
  lone.router.join("t", lone.now);
  const PeerId peer = lone.member(1, "t");
  const Bytes good = numbered_message(numbered_peer(9), 1, "t", 10);
  const Bytes bad = {0x0a, 0x7f};
  Rpc rpc;
  rpc.messages = {good, bad};
  const Bytes bytes = rpc_bytes(rpc);
  CHECK_FALSE(lone.router.receive(peer, BytesView(bytes), lone.now));
  CHECK(lone.router.sizes().pending == 0);
  CHECK(lone.bring(peer, good).size() == 1);
}
