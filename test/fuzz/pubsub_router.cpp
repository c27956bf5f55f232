// A gossipsub router among peers that come, go, and say what they like, while time passes. The input is a
// list of steps: one byte that says what, then what the step needs. Whatever they do, meshes are made of
// subscribed gossipsub peers, all that is kept is bounded, what is sent can be read, and time goes on.

#include <algorithm>
#include <deque>

#include "test/fuzz/steps.hpp"
#include "warren/base/assert.hpp"
#include "warren/protocols/pubsub/router/idontwant.hpp"
#include "warren/protocols/pubsub/router/test_routers.hpp"

namespace warren::pubsub {
namespace {

using testing::numbered_message;
using testing::numbered_peer;

constexpr std::size_t kInputMax = 512;
constexpr std::uint32_t kPeers = 16;
constexpr std::uint8_t kTopics = 4;

// Small, so that short inputs reach the bounds.
GossipParams small_params() {
  GossipParams params;
  params.d = 4;
  params.d_low = 3;
  params.d_high = 6;
  params.d_score = 2;
  params.d_out = 1;
  params.opportunistic_graft_ticks = 5;
  params.d_lazy = 2;
  params.history_bytes_max = 20'000;
  params.seen_ttl = 5s;
  params.seen_max = 20;
  params.ihave_ids_max = 5;
  params.ihave_messages_max = 3;
  params.prune_backoff = 8s;
  params.backoff_max = 30s;
  params.prune_peers = 3;
  params.peer_exchange = true;
  params.fanout_ttl = 4s;
  params.idontwant_max = 6;
  params.topics_per_peer_max = 3;
  params.topics_max = 5;
  params.direct_connect_interval = 10s;
  params.rpc.size_max = 8192;
  return params;
}

class Test {
 public:
  Test() {
    router_.set_record_source([](const PeerId& peer) { return to_bytes(peer.bytes()); });
    router_.wake(now_);
  }

  // One after the other: arguments of a call are read in any order.
  void step(Reader& reader) {
    const std::uint8_t what = reader.u8() % 13;
    const std::uint8_t whom = reader.u8();
    const PeerId peer = numbered_peer(1 + whom % kPeers);
    const Topic topic = topic_of(whom);
    switch (what) {
      case 0: return come(peer, reader.u8());
      case 1: return go(peer);
      case 2: return router_.join(topic, now_);
      case 3: return router_.leave(topic, now_);
      case 4: return say_bytes(peer, reader);
      case 5:
      case 6:
      case 7: return say(peer, reader);
      case 8: return publish(topic, reader.u16());
      case 9: return judge(whom);
      case 10: return pass(whom * Duration(20ms));
      case 11: return router_.blame(peer, reader.u8() % 8);
      default: return be_direct(peer, reader.u8());
    }
  }

  void check() {
    take_actions();
    const RouterSizes sizes = router_.sizes();
    WARREN_ASSERT(sizes.peers == connected_.size());
    WARREN_ASSERT(sizes.topics <= params_.topics_max + kTopics);
    WARREN_ASSERT(sizes.subscriptions <= connected_.size() * params_.topics_per_peer_max);
    WARREN_ASSERT(sizes.seen <= params_.seen_max);
    WARREN_ASSERT(sizes.cached_bytes <= params_.history_bytes_max);
    WARREN_ASSERT(sizes.pending <= arrivals_.size());
    WARREN_ASSERT(sizes.known <= connected_.size() * kKnownHeartbeats * params_.seen_max);
    WARREN_ASSERT(router_.next_wake() <= now_ + params_.heartbeat_interval);
    check_meshes();
  }

  // Everybody goes, and after a while nothing is left of them.
  void finish() {
    const auto all = connected_;
    for (const PeerId& peer : all) go(peer);
    for (std::uint8_t i = 0; i < kTopics; ++i) router_.leave(topic_of(i), now_);
    while (!arrivals_.empty()) judge(0);
    take_actions();
    pass(50s);
    check();
    const RouterSizes sizes = router_.sizes();
    WARREN_ASSERT(protected_.empty());
    WARREN_ASSERT(sizes.subscriptions == 0 && sizes.topics == 0 && sizes.backoffs == 0);
    WARREN_ASSERT(sizes.seen == 0 && sizes.cached == 0 && sizes.cached_bytes == 0 && sizes.pending == 0);
    WARREN_ASSERT(sizes.delayed == 0 && sizes.promises == 0 && sizes.wanted == 0);
  }

 private:
  static Topic topic_of(std::uint8_t number) { return "topic" + std::to_string(number % kTopics); }
  // Made once: they are most of the work otherwise.
  struct Known {
    std::vector<Bytes> messages;
    std::vector<MessageId> ids;  // some are those of messages that come, others of none
  };
  static const Known& known() {
    static const Known made = [] {
      constexpr std::array<std::size_t, 4> kSizes = {10, 1500, 3000, 7000};
      Known all;
      for (std::uint32_t i = 0; i < 256; ++i) {
        const Topic topic = topic_of(static_cast<std::uint8_t>(i / 16));
        all.messages.push_back(numbered_message(numbered_peer(i % 20), i, topic, kSizes[i % 4]));
        all.ids.push_back(i % 4 == 3 ? "id" + std::to_string(i) : testing::id_of(all.messages.back()));
      }
      return all;
    }();
    return made;
  }

  void come(const PeerId& peer, std::uint8_t how) {
    const auto version = static_cast<Version>(how % 5);
    std::optional<IpAddress> from;
    if (how & 0x40) from = IpAddress::v4({198, 51, 100, static_cast<std::uint8_t>(how & 1)});
    router_.add_peer(peer, {version, (how & 0x80) != 0, from}, now_);
    connected_.insert(peer);
    versions_[peer] = version;
  }
  void go(const PeerId& peer) {
    router_.remove_peer(peer, now_);
    connected_.erase(peer);
  }
  void be_direct(const PeerId& peer, std::uint8_t how) {
    // Those that are direct are so from the start, as in a configuration.
    if (how % 4 != 0 || connected_.contains(peer)) return;
    router_.add_direct(peer);
    direct_.insert(peer);
  }

  void receive(const PeerId& peer, BytesView rpc) {
    auto arrivals = router_.receive(peer, rpc, now_);
    if (!arrivals) return;
    WARREN_ASSERT(arrivals->empty() || connected_.contains(peer));
    for (Arrival& arrival : *arrivals) {
      WARREN_ASSERT(router_.is_joined(arrival.topic));
      WARREN_ASSERT(equal(BytesView(*arrival.frame).last(arrival.message.size()), arrival.message));
      arrivals_.push_back(std::move(arrival));
    }
  }
  void say_bytes(const PeerId& peer, Reader& reader) {
    const std::size_t size = reader.u8();
    receive(peer, reader.bytes(std::min(size, reader.remaining())));
  }
  // An RPC of a few entries, each a kind and a number.
  void say(const PeerId& peer, Reader& reader) {
    Rpc rpc;
    std::deque<std::string> texts;
    const auto keep = [&](std::string text) -> std::string_view {
      return texts.emplace_back(std::move(text));
    };
    const std::size_t entries = reader.u8() % 16;
    for (std::size_t i = 0; i < entries; ++i) {
      const std::uint8_t kind = reader.u8();
      const std::uint8_t number = reader.u8();
      switch (kind % 9) {
        case 0: rpc.subscriptions.push_back({true, keep(topic_of(number))}); break;
        case 1: rpc.subscriptions.push_back({true, keep("other" + std::to_string(number))}); break;
        case 2: rpc.subscriptions.push_back({false, keep(topic_of(number))}); break;
        case 3: rpc.messages.push_back(known().messages[number]); break;
        case 4: rpc.control.graft.push_back(keep(topic_of(number))); break;
        case 5: rpc.control.prune.push_back(prune(keep(topic_of(number)), kind)); break;
        case 6: rpc.control.ihave.push_back({keep(topic_of(kind)), {as_bytes(known().ids[number])}}); break;
        case 7: rpc.control.iwant.push_back(as_bytes(known().ids[number])); break;
        default: rpc.control.idontwant.push_back(as_bytes(known().ids[number]));
      }
    }
    receive(peer, testing::rpc_bytes(rpc));
  }
  static Prune prune(std::string_view topic, std::uint8_t how) {
    static const PeerId offered = numbered_peer(99);
    Prune prune{.topic = topic, .peers = {}, .backoff_s = {}};
    if (how & 0x80) prune.backoff_s = ~std::uint64_t{0} >> (how % 64);
    if (how & 0x40) prune.peers.assign(how % 8, {offered.bytes(), {}});
    return prune;
  }

  void publish(const Topic& topic, std::size_t size) {
    const auto published =
        router_.publish(numbered_message(numbered_peer(0), ++seqno_, topic, size), nullptr, now_);
    if (published) WARREN_ASSERT(published->queued <= connected_.size());
  }
  void judge(std::uint8_t how) {
    if (arrivals_.empty()) return;
    const Arrival arrival = std::move(arrivals_.front());
    arrivals_.pop_front();
    router_.judge(arrival, static_cast<Verdict>(how % 4), now_);
  }
  void pass(Duration duration) {
    const Instant end = now_ + duration;
    while (router_.next_wake() <= end) {
      now_ = std::max(now_, router_.next_wake());
      router_.wake(now_);
      WARREN_ASSERT(router_.next_wake() > now_);
    }
    now_ = end;
  }

  void take_actions() {
    const Actions actions = router_.take_actions();
    for (const auto& sent : testing::Lone::decode(actions)) {
      WARREN_ASSERT(connected_.contains(sent.to));
      WARREN_ASSERT(!sent.rpc.empty());
    }
    for (const Dial& dial : actions.dials) WARREN_ASSERT(!connected_.contains(dial.peer));
    // A peer may be grafted and pruned in one step, in this order or in the other.
    for (const PeerId& peer : actions.grafted) ++protected_[peer];
    for (const PeerId& peer : actions.pruned) --protected_[peer];
    std::erase_if(protected_, [](const auto& entry) { return entry.second == 0; });
  }
  void check_meshes() {
    std::map<PeerId, int> in_meshes;
    for (const TopicView& view : router_.topics(now_)) {
      // A member of the mesh that is not subscribed would be in one of them only.
      WARREN_ASSERT(router_.topic_peers(view.topic).size() == view.peers.size());
      for (const TopicPeer& peer : view.peers) {
        WARREN_ASSERT(connected_.contains(peer.peer));
        if (peer.in_mesh) in_meshes[peer.peer] = 1;
        if (peer.in_mesh) WARREN_ASSERT(view.joined && !direct_.contains(peer.peer));
        if (peer.in_mesh) WARREN_ASSERT(versions_.at(peer.peer) != Version::kFloodsub);
        if (peer.in_fanout) WARREN_ASSERT(!view.joined && !peer.in_mesh);
      }
    }
    WARREN_ASSERT(in_meshes == protected_);
  }

  const GossipParams params_ = small_params();
  sim::SeededRandom random_{1};
  Router router_{numbered_peer(0), params_, random_};
  Instant now_ = testing::kStart;
  std::set<PeerId> connected_;
  std::set<PeerId> direct_;
  std::map<PeerId, Version> versions_;
  std::map<PeerId, int> protected_;
  std::deque<Arrival> arrivals_;
  std::uint64_t seqno_ = 1000;
};

}  // namespace
}  // namespace warren::pubsub

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace warren;
  return fuzz::run_steps<pubsub::Test>({data, size}, pubsub::kInputMax);
}
