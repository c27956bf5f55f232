// A gossipsub node that relays one topic, for gossip_bench.py, which has the same of go-libp2p-pubsub beside
// it:
//
//   gossip_relay TOPIC signed|unsigned|warren
//
// "warren": what is on the topic are broadcasts in signed envelopes. Prints its address, and answers each
// line of stdin: how many messages it has delivered to itself, and the nanoseconds of CPU that the SM2
// signature of one such broadcast takes to be verified.

#include <ctime>

#include "bench/gossip_node.hpp"
#include "warren/broadcast/broadcasts.hpp"
#include "warren/crypto/hash.hpp"
#include "warren/messaging/envelope.hpp"
#include "warren/protocols/pubsub/gossipsub.hpp"

namespace warren::bench {
namespace {

constexpr int kVerifications = 200;  // per answer
constexpr double kRateMax = 1e9;

pubsub::MessageId hash_id(const pubsub::MessageView& message) {
  const Digest digest = sha256(message.data);
  return pubsub::MessageId(as_text(digest));
}

std::int64_t cpu_ns() {
  timespec spent = {};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &spent);
  return std::int64_t{spent.tv_sec} * 1'000'000'000 + spent.tv_nsec;
}

// With all that verifying a broadcast of 1 KiB from a known origin takes: SM3 over it, and SM2.
std::int64_t verification_ns(Env& env) {
  static const Sm2PrivateKey key = Sm2PrivateKey::generate([&env](MutableBytes to) { env.random.fill(to); });
  static const Sm2PublicKey public_key = key.public_key();
  Header header;
  header.sender = public_key.compressed();
  header.context = make_context("bench", "bench");
  header.timestamp = env.clock.wall_now();
  header.seq = 1;
  header.kind = MessageKind::kBroadcast;
  const SealedEnvelope sealed = seal_with_id(header, Bytes(1024), key);
  const std::int64_t began = cpu_ns();
  for (int i = 0; i < kVerifications; ++i) {
    value_or_throw(verify_signature(sealed.envelope, header, public_key));
  }
  return (cpu_ns() - began) / kVerifications;
}

// Nothing on these topics is kept.
class NoStore final : public BroadcastStore {
 public:
  Result<> put(const StoredBroadcast&) override { return {}; }
  Result<> forget(const std::string&, const BroadcastOrigin&, std::uint64_t) override { return {}; }
  Result<std::vector<StoredBroadcast>> read(const std::string&, const BroadcastRange&, std::size_t) override {
    return std::vector<StoredBroadcast>();
  }
  Result<std::vector<BroadcastRange>> seen(const std::string&) override {
    return std::vector<BroadcastRange>();
  }
  Result<WallTime> subscribed_since(const std::string&, WallTime now) override { return now; }
  Result<std::size_t> expire(WallTime) override { return 0; }
  Result<BroadcastUsage> usage() override { return BroadcastUsage(); }
};

Task<void> answer_lines(Env& env, const std::size_t& delivered) {
  interop::LineReader lines(env.executor, STDIN_FILENO);
  while (true) {
    const auto line = co_await lines.next();
    if (!line) co_return;
    say(fmt::format("{{\"delivered\": {}, \"sm2_ns\": {}}}", delivered, verification_ns(env)));
  }
}

Task<void> relay_plain(Env& env, std::string topic, bool is_signed) {
  GossipNode node(env);
  pubsub::GossipConfig config;
  config.unsigned_messages = !is_signed;
  pubsub::GossipSub gossip(node.host, config);
  gossip.start();
  pubsub::TopicConfig rules;
  if (!is_signed) rules.rules.id = hash_id;
  std::size_t delivered = 0;
  value_or_throw(gossip.join(std::move(topic), rules, [&delivered](const auto&) { ++delivered; }));
  say(node.listen().to_string());
  co_await answer_lines(env, delivered);
  co_await gossip.close();
  co_await node.close();
}

Task<void> relay_broadcasts(Env& env, std::string topic) {
  GossipNode node(env);
  const Sm2PrivateKey key = Sm2PrivateKey::generate([&env](MutableBytes to) { env.random.fill(to); });
  NoStore store;
  pubsub::GossipSub gossip(node.host, pubsub::GossipConfig());
  BroadcastLimits limits;
  limits.origin_messages_per_second = kRateMax;
  limits.origin_messages_burst = kRateMax;
  Broadcasts broadcasts({node.host, gossip, store, key, "bench", limits});
  gossip.start();
  broadcasts.start();
  std::size_t delivered = 0;
  TopicHandler handler{.on_message = [&delivered](const TopicMessage&) { ++delivered; }, .on_gap = {}};
  const Subscription subscription =
      broadcasts.subscribe(std::move(topic), TopicOptions(), std::move(handler));
  say(node.listen().to_string());
  co_await answer_lines(env, delivered);
  co_await broadcasts.close();
  co_await gossip.close();
  co_await node.close();
}

}  // namespace
}  // namespace warren::bench

int main(int argc, char** argv) {
  using namespace warren;
  bench::keep_heap();
  const auto choose = [&](Env& env) -> std::optional<Task<void>> {
    if (argc != 3) return std::nullopt;
    const std::string_view policy = argv[2];
    if (policy == "warren") return bench::relay_broadcasts(env, argv[1]);
    return bench::relay_plain(env, argv[1], policy == "signed");
  };
  return bench::run("gossip_relay", "TOPIC signed|unsigned|warren", choose);
}
