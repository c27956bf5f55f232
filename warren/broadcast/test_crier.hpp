// Test support: nodes of a simulated crowd that broadcast, and a peer that speaks gossipsub alone and sends
// what it likes.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "warren/async/as_result.hpp"
#include "warren/async/cancellation.hpp"
#include "warren/async/event.hpp"
#include "warren/async/task_group.hpp"
#include "warren/broadcast/broadcasts.hpp"
#include "warren/broadcast/test_store.hpp"
#include "warren/messaging/binding_exchange.hpp"
#include "warren/messaging/test_keys.hpp"
#include "warren/sim/crowd.hpp"
#include "warren/sim/host.hpp"

namespace warren::test {

inline Task<void> hear_nothing(ConnectionPtr, StreamPtr) {
  co_return;
}

// Holds the stream open for long.
inline Task<void> say_nothing(Clock& clock, StreamPtr stream) {
  co_await clock.sleep_for(1h);
  stream->reset();
}

inline Task<void> dial(Host& host, PeerInfo peer) {
  co_await host.connect(std::move(peer));
}

// A pool whose work takes a while before and after it is done, so that the loop gets on meanwhile, as it does
// with threads.
class LateOffload final : public Offload {
 public:
  LateOffload(sim::Crowd& crowd, std::uint64_t seed)
      : clock_(crowd.clock()), tasks_(crowd.loop().executor(), "late work"), random_(seed) {}

  Duration most = Duration::zero();

 protected:
  Task<void> execute(std::function<void()> work) override {
    co_await finally(nothing(), wait_for(std::move(work)));
  }

 private:
  static Task<void> nothing() { co_return; }
  Task<void> wait_for(std::function<void()> work) {
    bool is_done = false;
    Event done;
    tasks_.spawn(perform(&work, &is_done, &done));
    while (!is_done) co_await done.wait_uncanceled();
  }
  Task<void> perform(const std::function<void()>* work, bool* is_done, Event* done) {
    co_await pause();
    (*work)();
    co_await pause();
    *is_done = true;
    done->notify_all();
  }
  Task<void> pause() {
    if (most > Duration::zero())
      co_await clock_.sleep_for(Duration(random_.below(static_cast<std::uint64_t>(most.count()))));
  }

  Clock& clock_;
  TaskGroup tasks_;
  sim::SeededRandom random_;
};

// A host of the crowd with such a pool.
class LateHost final : public sim::PlainHost {
 public:
  explicit LateHost(sim::Crowd& crowd)
      : PlainHost(crowd, std::nullopt),
        pool(crowd, number()),
        env_{PlainHost::env().executor, PlainHost::env().clock, PlainHost::env().random,
             PlainHost::env().network, pool} {}
  Env& env() override { return env_; }

  LateOffload pool;

 private:
  Env env_;
};

// A host with gossipsub.
struct Gossiper {
  explicit Gossiper(sim::Crowd& crowd) : crowd(crowd), host(std::make_unique<LateHost>(crowd)) {
    start_gossip();
  }
  ~Gossiper() { stop_gossip(); }

  void start_gossip() {
    gossip = std::make_unique<pubsub::GossipSub>(*host, pubsub::GossipConfig{});
    gossip->start();
  }
  void stop_gossip() {
    if (!gossip) return;
    crowd.loop().run(gossip->close());
    crowd.loop().run(host->close());
    gossip.reset();
  }
  // To be called before it connects.
  void speak_bind() { host->handle(ProtocolId(kBindProtocol), hear_nothing); }

  const PeerId& id() const { return host->peer_id(); }
  void connect(const Gossiper& other) {
    crowd.loop().run(dial(*host, {other.id(), other.host->addresses()}));
  }
  void disconnect() {
    for (const auto& connection : host->connections()) connection->close();
  }
  // Subscribes to what is broadcast on "news", and takes all for good.
  void join() {
    REQUIRE(gossip->join("/warren/main/topic/news", {}, [](const auto&) {}));
  }
  void publish(std::string topic, Bytes data) {
    crowd.loop().run(gossip->publish(std::move(topic), std::move(data)));
  }

  sim::Crowd& crowd;
  std::unique_ptr<LateHost> host;
  std::unique_ptr<pubsub::GossipSub> gossip;
};

// A node that broadcasts; keeps what it hears.
struct Crier : Gossiper {
  Crier(sim::Crowd& crowd, std::uint8_t number, BroadcastLimits limits = {})
      : Gossiper(crowd), key(sm2_key(number)), limits(limits) {
    speak_bind();
    start();
  }
  ~Crier() { stop(); }

  void start() {
    if (!gossip) {
      host->revive();
      start_gossip();
    }
    broadcasts = std::make_unique<Broadcasts>(BroadcastNeeds{*host, *gossip, store, key, "main", limits});
    broadcasts->start();
  }
  void stop() {
    if (!broadcasts) return;
    subscriptions.clear();
    crowd.loop().run(broadcasts->close());
    broadcasts.reset();
    stop_gossip();
  }

  NodeId node() const { return NodeId(key.public_key()); }
  void subscribe(const std::string& topic, TopicOptions options = {}) {
    TopicHandler handler{.on_message = [this](const TopicMessage& message) { got.push_back(message); },
                         .on_gap = [this](const TopicGap& gap) { gaps.push_back(gap); }};
    subscriptions.push_back(broadcasts->subscribe(topic, std::move(options), std::move(handler)));
  }
  BroadcastReport say(const std::string& topic, std::string_view text, BroadcastOptions options = {}) {
    return crowd.loop().run(broadcasts->broadcast(topic, to_bytes(text), options));
  }
  std::error_code try_to_say(const std::string& topic, Bytes payload, BroadcastOptions options = {}) {
    const auto said = crowd.loop().run(as_result(broadcasts->broadcast(topic, std::move(payload), options)));
    return said ? std::error_code() : said.error();
  }
  // In the order in which they came, separated by spaces.
  std::string texts() const {
    std::string all;
    for (const auto& message : got) all += (all.empty() ? "" : " ") + to_text(message.payload);
    return all;
  }
  // "open 3-7, lost 3-7"
  std::string told() const {
    std::string all;
    for (const auto& gap : gaps) {
      const auto* state = gap.state == TopicGap::State::kOpen     ? "open "
                          : gap.state == TopicGap::State::kClosed ? "closed "
                                                                  : "lost ";
      if (!all.empty()) all += ", ";
      all += state + std::to_string(gap.first) + "-" + std::to_string(gap.last);
    }
    return all;
  }
  TopicStatus status(const std::string& topic) const {
    const auto all = broadcasts->topics();
    const auto found = std::ranges::find(all, topic, &TopicStatus::topic);
    return found == all.end() ? TopicStatus{} : *found;
  }
  double score_of(const Gossiper& peer, const std::string& topic) const {
    for (const auto& known : status(topic).peers) {
      if (known.peer == peer.id()) return known.score;
    }
    return 0;
  }

  Sm2PrivateKey key;
  BroadcastLimits limits;
  MemoryBroadcastStore store;
  std::unique_ptr<Broadcasts> broadcasts;
  std::vector<Subscription> subscriptions;
  std::vector<TopicMessage> got;
  std::vector<TopicGap> gaps;
};

inline const TopicOptions kReliableTopic{.reliable = true};
inline const BroadcastOptions kReliably{.reliable = true};
inline const std::string kNews = "/warren/main/topic/news";

struct Town {
  explicit Town(std::size_t count, BroadcastLimits limits = {}, std::uint64_t seed = 1)
      : crowd({.seed = seed,
               .round_trip_median = 40ms,
               .round_trip_spread = 0.3,
               .idle_limit = std::chrono::hours(240),
               .connections_max = 256}) {
    for (std::size_t i = 0; i < count; ++i)
      criers.push_back(std::make_unique<Crier>(crowd, static_cast<std::uint8_t>(i + 1), limits));
    for (std::size_t i = 0; i < count; ++i) {
      for (std::size_t j = 0; j < i; ++j) criers[i]->connect(*criers[j]);
    }
  }
  Crier& operator[](std::size_t index) { return *criers[index]; }
  void subscribe(const std::string& topic, const TopicOptions& options = {}) {
    for (const auto& crier : criers) crier->subscribe(topic, options);
    pass(3s);
  }
  void pass(Duration time) { crowd.loop().advance(time); }
  // As subscribers that were away.
  void reconnect(std::size_t index) {
    for (const auto& crier : criers) {
      if (crier.get() != criers[index].get()) criers[index]->connect(*crier);
    }
  }

  sim::Crowd crowd;
  std::vector<std::unique_ptr<Crier>> criers;
};

// What a node of this key would send now, as its first message in the run that the epoch names.
inline Header broadcast_header(const sim::Crowd& crowd, const Sm2PrivateKey& key, std::uint64_t seq = 1,
                               std::uint8_t epoch = 0xee) {
  Header header{.sender = key.public_key().compressed(),
                .recipient = std::nullopt,
                .context = make_context("main", "news"),
                .timestamp = const_cast<sim::Crowd&>(crowd).clock().wall_now(),
                .seq = seq,
                .enc = {},
                .kind = MessageKind::kBroadcast,
                .reply_to = std::nullopt};
  header.nonce[0] = static_cast<std::uint8_t>(seq);
  header.epoch[0] = epoch;
  return header;
}

inline Bytes seal(const Header& header, std::string_view text, const Sm2PrivateKey& key) {
  return Envelope::seal(header, to_bytes(text), key).encode();
}

}  // namespace warren::test
