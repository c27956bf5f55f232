// What has hurt other implementations, byte by byte: the node stays up, bounded, and there for the others.
#include "warren/base/varint.hpp"
#include "warren/protocols/pubsub/test_gossip.hpp"

using namespace warren;
using namespace warren::pubsub;

namespace {

constexpr std::size_t kRpcMax = 1024 * 1024;

// Alice is attacked by Mallory, and goes on to exchange messages with Bob.
struct Siege {
  explicit Siege(const GossipConfig& config = {})
      : alice(world, "alice", config), bob(world, "bob", config), mallory(world, "mallory") {
    alice.join("t");
    bob.join("t");
    alice.connect(bob);
    mallory.connect(alice);
    mallory.open();
    mallory.subscribe("t");
    world.loop().advance(3s);
    REQUIRE(alice.knows("t", mallory.info.id));
  }
  void check_all_is_well() {
    static int round = 0;
    const std::string text = "all is well " + std::to_string(++round);
    alice.publish("t", text + " a");
    bob.publish("t", text + " b");
    world.loop().advance(2s);
    CHECK(std::ranges::count(bob.texts(), text + " a") == 1);
    CHECK(std::ranges::count(alice.texts(), text + " b") == 1);
  }
  // Whether what Mallory says is still read.
  bool is_heard() {
    const std::size_t before = alice.got.size();
    mallory.open();
    mallory.subscribe("t");
    mallory.send_message(mallory.sign("t", "do you hear me?"));
    world.loop().advance(2s);
    return alice.got.size() > before;
  }
  double score() const { return alice.score_of(mallory.info.id); }

  sim::World world{21};
  GossipNode alice;
  GossipNode bob;
  Stranger mallory;
};

// A frame of so many times the same bytes.
Bytes repeated(BytesView entry, std::size_t count) {
  Bytes bytes;
  append_varint(bytes, entry.size() * count);
  for (std::size_t i = 0; i < count; ++i) append(bytes, entry);
  return bytes;
}

// RPC.control around the bytes.
Bytes control(BytesView content) {
  Bytes inner{0x1a};
  append_varint(inner, content.size());
  append(inner, content);
  Bytes frame;
  append_varint(frame, inner.size());
  append(frame, inner);
  return frame;
}

Bytes times(BytesView entry, std::size_t count) {
  Bytes bytes;
  for (std::size_t i = 0; i < count; ++i) append(bytes, entry);
  return bytes;
}

}  // namespace

TEST_CASE("one frame of half a million empty entries") {
  const std::size_t count = kRpcMax / 2 - 16;
  const std::vector<std::pair<std::string, Bytes>> table = {
      {"subscriptions", repeated(Bytes{0x0a, 0x00}, count)},
      {"messages", repeated(Bytes{0x12, 0x00}, count)},
      {"controls", repeated(Bytes{0x1a, 0x00}, count)},
      {"ihave", control(times(Bytes{0x0a, 0x00}, count))},
      {"iwant", control(times(Bytes{0x12, 0x00}, count))},
      {"graft", control(times(Bytes{0x1a, 0x00}, count))},
      {"prune", control(times(Bytes{0x22, 0x00}, count))},
      {"idontwant", control(times(Bytes{0x2a, 0x00}, count))},
  };
  for (const auto& [name, frame] : table) {
    CAPTURE(name);
    Siege siege;
    siege.mallory.write(frame);
    siege.world.loop().advance(1s);
    CHECK_FALSE(siege.mallory.write(Bytes(1)));
    siege.check_all_is_well();
    CHECK(siege.alice.got.size() == 2);
  }
}

TEST_CASE("lengths that nobody has: the stream is reset before any memory is taken") {
  for (const std::uint64_t size : {kVarintMax, std::uint64_t{1} << 32, std::uint64_t{kRpcMax} + 1}) {
    CAPTURE(size);
    Siege siege;
    Bytes bytes;
    append_varint(bytes, size);
    siege.mallory.write(bytes);
    siege.world.loop().advance(1s);
    CHECK_FALSE(siege.mallory.write(Bytes(1)));
    siege.check_all_is_well();
  }
}

TEST_CASE("a length that is never filled: the stream ends, and takes no more than what came") {
  Siege siege;
  Bytes bytes;
  append_varint(bytes, kRpcMax);
  siege.mallory.write(bytes);
  bool open = true;
  for (int i = 0; i < 70 && open; ++i) {
    siege.world.loop().advance(1s);
    open = siege.mallory.write(Bytes(10, 0x0a));
  }
  CHECK_FALSE(open);
  siege.check_all_is_well();
}

TEST_CASE("endless SUBSCRIBE, each for another topic") {
  Siege siege;
  int topic = 0;
  for (int i = 0; i < 40; ++i) {
    std::vector<std::string> names;
    for (int j = 0; j < 2000; ++j) names.push_back("topic-" + std::to_string(++topic));
    Rpc rpc;
    for (const std::string& name : names) rpc.subscriptions.push_back({true, name});
    if (!siege.mallory.say(rpc)) siege.mallory.open();
    siege.world.loop().advance(100ms);
  }
  CHECK(siege.alice.gossip.counters().refused_subscriptions > 70'000);
  siege.check_all_is_well();
}

TEST_CASE("endless GRAFT, for topics that nobody has and for ours again and again") {
  Siege siege;
  for (int i = 0; i < 50; ++i) {
    std::vector<std::string> names;
    for (int j = 0; j < 1000; ++j) names.push_back("topic-" + std::to_string(i * 1000 + j));
    Rpc rpc;
    for (const std::string& name : names) rpc.control.graft.push_back(name);
    for (int j = 0; j < 100; ++j) rpc.control.graft.push_back("t");
    if (!siege.mallory.say(rpc)) siege.mallory.open();
    siege.world.loop().advance(100ms);
  }
  siege.check_all_is_well();
  for (const QueueView& queue : siege.alice.gossip.queues()) CHECK(queue.bytes < 100 * 1024);
}

TEST_CASE("PRUNE with back-offs beyond all time: it is ours to say how long, and nothing breaks later") {
  Siege siege;
  constexpr auto kLongest = std::numeric_limits<std::int64_t>::max();
  for (const std::uint64_t backoff :
       {std::numeric_limits<std::uint64_t>::max(), static_cast<std::uint64_t>(kLongest),
        static_cast<std::uint64_t>(kLongest) / 1'000'000'000 - 10, std::uint64_t{0}}) {
    Rpc rpc;
    rpc.control.prune.push_back({.topic = "t", .peers = {}, .backoff_s = backoff});
    CHECK(siege.mallory.say(rpc));
    siege.world.loop().advance(61s);  // it has panicked others a minute later
    siege.check_all_is_well();
  }
  siege.world.loop().advance(5min);
  siege.check_all_is_well();
  CHECK(siege.is_heard());
}

TEST_CASE("forged signatures are not delivered nor forwarded, and who brings them is heard no more") {
  Siege siege;
  const double before = siege.score();
  for (int i = 0; i < 60; ++i) {
    Bytes forged = siege.mallory.sign("t", "forged " + std::to_string(i));
    const MessageView view = value_or_throw(read_message(forged));
    const auto at = static_cast<std::size_t>(view.signature.data() - forged.data());
    forged[at + 5] ^= 1;
    siege.mallory.send_message(forged);
    siege.world.loop().advance(10ms);
  }
  siege.world.loop().advance(1s);
  CHECK(siege.alice.got.empty());
  CHECK(siege.bob.got.empty());
  CHECK(siege.alice.gossip.verifications().failed > 0);
  CHECK(siege.alice.gossip.verifications().failed < 60);  // at last nothing of it was read
  CHECK(siege.score() < before);
  CHECK(siege.alice.gossip.counters().graylisted > 0);
  CHECK_FALSE(siege.is_heard());
  siege.check_all_is_well();
}

TEST_CASE("a forged copy that comes first does not keep the message from being delivered") {
  Siege siege;
  const Bytes honest = siege.mallory.sign("t", "the real one");
  Bytes forged = honest;
  const MessageView view = value_or_throw(read_message(forged));
  forged[static_cast<std::size_t>(view.signature.data() - forged.data()) + 5] ^= 1;
  siege.mallory.send_message(forged);
  siege.world.loop().advance(1s);
  REQUIRE(siege.alice.got.empty());
  siege.mallory.send_message(honest);
  siege.world.loop().advance(1s);
  CHECK(siege.alice.got.size() == 1);
  siege.check_all_is_well();
}

TEST_CASE("messages that are not what they say: no author, another's name, without signature") {
  Siege siege;
  Bytes anonymous = unsigned_message("t", as_bytes("who am I?"));
  siege.mallory.send_message(anonymous);
  // Bob's name in a message that Mallory has signed.
  Bytes stolen = siege.mallory.sign("t", "I am Bob");
  const MessageView view = value_or_throw(read_message(stolen));
  const auto at = static_cast<std::ptrdiff_t>(view.from.data() - stolen.data());
  std::ranges::copy(siege.bob.info.id.bytes(), stolen.begin() + at);
  siege.mallory.send_message(stolen);
  siege.world.loop().advance(1s);
  CHECK(siege.alice.got.empty());
  CHECK(siege.bob.got.empty());
  CHECK(siege.score() < 0);
  siege.check_all_is_well();
}

TEST_CASE("the same message, sent again and again, is delivered and verified once") {
  Siege siege;
  const Bytes message = siege.mallory.sign("t", "again");
  for (int i = 0; i < 100; ++i) siege.mallory.send_message(message);
  siege.world.loop().advance(2s);
  CHECK(siege.alice.texts() == std::vector<std::string>{"again"});
  CHECK(siege.bob.texts() == std::vector<std::string>{"again"});
  CHECK(siege.alice.gossip.verifications().done == 1);
}

TEST_CASE("endless streams: two of a peer are read") {
  Siege siege;
  std::vector<StreamPtr> streams;
  for (int i = 0; i < 200; ++i) {
    siege.mallory.open();
    siege.mallory.subscribe("t");
    streams.push_back(std::move(siege.mallory.stream));
    siege.world.loop().advance(5ms);
  }
  siege.world.loop().advance(1s);
  const auto is_open = [&](const StreamPtr& stream) {
    return siege.world.run(as_result(stream->write(Bytes(1)))).has_value();
  };
  CHECK(std::ranges::count_if(streams, is_open) == 2);
  siege.check_all_is_well();
}

TEST_CASE("nonsense is answered by a reset, and costs") {
  Siege siege;
  const double before = siege.score();
  for (int i = 0; i < 10; ++i) {
    siege.mallory.write(Bytes{4, 0x0a, 0xff, 0xff, 0xff});
    siege.world.loop().advance(500ms);
    CHECK_FALSE(siege.mallory.write(Bytes(1)));
    siege.mallory.open();
  }
  CHECK(siege.score() < before);
  siege.check_all_is_well();
}

TEST_CASE("a peer that offers peers with forged records makes us dial nobody") {
  GossipConfig config;
  config.params.score.thresholds.accept_px = 0;
  Siege siege(config);
  Stranger victim(siege.world, "victim");
  const PeerRecord forged{.peer_id = siege.mallory.info.id, .seq = 1, .addresses = victim.info.addresses};
  const Bytes record = forged.seal(siege.mallory.key);
  Rpc rpc;
  rpc.control.prune.push_back({.topic = "t",
                               .peers = {{.peer_id = victim.info.id.bytes(), .signed_peer_record = record}},
                               .backoff_s = 60});
  siege.mallory.say(rpc);
  siege.world.loop().advance(5s);
  CHECK(victim.host.connections().empty());

  const PeerRecord honest{.peer_id = victim.info.id, .seq = 1, .addresses = victim.info.addresses};
  const Bytes good = honest.seal(victim.key);
  rpc.control.prune.front().peers.front().signed_peer_record = good;
  siege.mallory.say(rpc);
  siege.world.loop().advance(5s);
  CHECK(victim.host.connections().size() == 1);
}
