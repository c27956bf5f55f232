// Routers for tests: one among peers that are played by the test, and a network of them in memory.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <set>

#include "warren/base/protobuf_wire.hpp"
#include "warren/protocols/pubsub/router/router.hpp"
#include "warren/sim/random.hpp"

namespace warren::pubsub::testing {

inline const Instant kStart{1000s};

inline PeerId numbered_peer(std::uint32_t number) {
  Bytes multihash = {0x12, 0x20};  // sha2-256, 32 bytes
  multihash.resize(34, 7);
  for (std::size_t i = 0; i < 4; ++i) multihash[2 + i] = static_cast<std::uint8_t>(number >> (24 - 8 * i));
  return value_or_throw(PeerId::from_bytes(multihash));
}

// Unsigned, but with an author and a number: routers do not look at signatures.
inline Bytes numbered_message(const PeerId& author, std::uint64_t seqno, std::string_view topic,
                              std::size_t size) {
  Bytes number(8);
  for (std::size_t i = 0; i < 8; ++i) number[i] = static_cast<std::uint8_t>(seqno >> (56 - 8 * i));
  return ProtobufWriter()
      .bytes(1, author.bytes())
      .bytes(2, Bytes(size, 0x61))
      .bytes(3, number)
      .bytes(4, as_bytes(topic))
      .take();
}

inline MessageId id_of(BytesView message) {
  return default_message_id(value_or_throw(read_message(message)));
}

inline Bytes rpc_bytes(const Rpc& rpc) {
  const Frame frame = write_rpc(rpc);
  std::size_t prefix = 0;
  while (((*frame)[prefix] & 0x80) != 0) ++prefix;
  return {frame->begin() + static_cast<std::ptrdiff_t>(prefix) + 1, frame->end()};
}

// What was sent in one frame; it borrows from the frame.
struct Sent {
  PeerId to;
  Frame frame;
  Priority priority;
  Rpc rpc;
};

// A router; the peers are played by the test.
struct Lone {
  explicit Lone(GossipParams params = {}) : router(numbered_peer(0), params, random) { router.wake(now); }

  PeerId add(std::uint32_t number, PeerFacts facts = {}) {
    router.add_peer(numbered_peer(number), facts, now);
    return numbered_peer(number);
  }
  // Added and subscribed.
  PeerId member(std::uint32_t number, const Topic& topic, PeerFacts facts = {}) {
    const PeerId peer = add(number, facts);
    Rpc rpc;
    rpc.subscriptions.push_back({true, topic});
    say(peer, rpc);
    return peer;
  }
  std::vector<Arrival> say(const PeerId& peer, const Rpc& rpc) {
    const Bytes bytes = rpc_bytes(rpc);
    return value_or_throw(router.receive(peer, BytesView(bytes), now));
  }
  std::vector<Arrival> bring(const PeerId& peer, const Bytes& message) {
    Rpc rpc;
    rpc.messages.push_back(message);
    return say(peer, rpc);
  }
  void graft(const PeerId& peer, const Topic& topic) {
    Rpc rpc;
    rpc.control.graft.push_back(topic);
    say(peer, rpc);
  }
  void prune(const PeerId& peer, const Topic& topic, std::optional<std::uint64_t> backoff_s) {
    Rpc rpc;
    rpc.control.prune.push_back({topic, {}, backoff_s});
    say(peer, rpc);
  }
  void pass(Duration duration) {
    const Instant end = now + duration;
    while (router.next_wake() <= end) {
      now = std::max(now, router.next_wake());
      router.wake(now);
    }
    now = end;
  }

  Actions actions() { return router.take_actions(); }
  std::vector<Sent> sent() { return decode(router.take_actions()); }
  std::vector<Sent> sent_to(const PeerId& peer) {
    auto all = sent();
    std::erase_if(all, [&](const Sent& one) { return one.to != peer; });
    return all;
  }
  static std::vector<Sent> decode(const Actions& actions) {
    std::vector<Sent> all;
    for (const Send& send : actions.sends) {
      std::size_t prefix = 0;
      while (((*send.frame)[prefix] & 0x80) != 0) ++prefix;
      const BytesView bytes = BytesView(*send.frame).subspan(prefix + 1);
      all.push_back({send.to, send.frame, send.priority, value_or_throw(read_rpc(bytes))});
    }
    return all;
  }

  bool in_mesh(const PeerId& peer, const Topic& topic) { return find(peer, topic, &TopicPeer::in_mesh); }
  bool in_fanout(const PeerId& peer, const Topic& topic) { return find(peer, topic, &TopicPeer::in_fanout); }
  std::size_t mesh_size(const Topic& topic) {
    for (const TopicView& view : router.topics(now)) {
      if (view.topic == topic) return count(view.peers, &TopicPeer::in_mesh);
    }
    return 0;
  }

  sim::SeededRandom random{1};
  Instant now = kStart;
  Router router;

 private:
  static std::size_t count(const std::vector<TopicPeer>& peers, bool TopicPeer::* what) {
    return static_cast<std::size_t>(std::ranges::count(peers, true, what));
  }
  bool find(const PeerId& peer, const Topic& topic, bool TopicPeer::* what) {
    for (const TopicView& view : router.topics(now)) {
      for (const TopicPeer& one : view.peers) {
        if (view.topic == topic && one.peer == peer) return one.*what;
      }
    }
    return false;
  }
};

// A network with links that only delay.
class Routers {
 public:
  struct Node {
    PeerId id;
    std::unique_ptr<Router> router;
    std::map<MessageId, Instant> got;  // own ones included
    std::size_t copies = 0;            // of all messages, that came
    std::size_t handed_over_twice = 0;
    std::vector<Dial> dials;
    std::function<Verdict(const Arrival&)> verdict;
    std::set<PeerId> links;
  };

  explicit Routers(std::size_t count, GossipParams params = {}, std::uint64_t seed = 1)
      : random_(seed), wakes_(count) {
    for (std::size_t i = 0; i < count; ++i) {
      Node& node = nodes_.emplace_back();
      node.id = numbered_peer(static_cast<std::uint32_t>(i));
      node.router = std::make_unique<Router>(node.id, params, random_);
      index_[node.id] = i;
    }
  }

  Node& operator[](std::size_t i) { return nodes_[i]; }
  std::size_t size() const { return nodes_.size(); }
  Instant now() const { return now_; }

  void connect(std::size_t a, std::size_t b, Version version = Version::kV12) {
    if (a == b || nodes_[a].links.contains(nodes_[b].id)) return;
    nodes_[a].links.insert(nodes_[b].id);
    nodes_[b].links.insert(nodes_[a].id);
    nodes_[a].router->add_peer(nodes_[b].id, {version, true, {}}, now_);
    nodes_[b].router->add_peer(nodes_[a].id, {version, false, {}}, now_);
    pump(a);
    pump(b);
  }
  void disconnect(std::size_t a, std::size_t b) {
    nodes_[a].links.erase(nodes_[b].id);
    nodes_[b].links.erase(nodes_[a].id);
    nodes_[a].router->remove_peer(nodes_[b].id, now_);
    nodes_[b].router->remove_peer(nodes_[a].id, now_);
    pump(a);
    pump(b);
  }
  // Each dials `degree` others.
  void connect_at_random(std::size_t degree, Version version = Version::kV12) {
    for (std::size_t i = 0; i < size(); ++i) {
      for (std::size_t k = 0; k < degree; ++k) connect(i, random_.below(size()), version);
    }
  }
  void join_all(const Topic& topic) {
    for (std::size_t i = 0; i < size(); ++i) join(i, topic);
  }
  void join(std::size_t i, const Topic& topic) {
    nodes_[i].router->join(topic, now_);
    pump(i);
  }
  MessageId publish(std::size_t i, const Topic& topic, std::size_t size = 100) {
    const Bytes message = numbered_message(nodes_[i].id, ++seqno_, topic, size);
    const auto published = value_or_throw(nodes_[i].router->publish(message, nullptr, now_));
    nodes_[i].got[published.id] = now_;
    pump(i);
    return published.id;
  }
  std::size_t count(const MessageId& id) const {
    return static_cast<std::size_t>(
        std::ranges::count_if(nodes_, [&](const Node& node) { return node.got.contains(id); }));
  }

  void run(Duration duration) {
    const Instant end = now_ + duration;
    while (true) {
      const Instant wake = std::ranges::min(wakes_);
      const Instant next = flying_.empty() ? wake : std::min(wake, flying_.begin()->first);
      if (next > end) break;
      now_ = std::max(now_, next);
      while (!flying_.empty() && flying_.begin()->first <= now_) {
        const auto flight = std::move(flying_.begin()->second);
        flying_.erase(flying_.begin());
        arrive(flight.from, flight.to, flight.frame);
      }
      for (std::size_t i = 0; i < size(); ++i) {
        if (wakes_[i] > now_) continue;
        nodes_[i].router->wake(now_);
        pump(i);
      }
    }
    now_ = end;
  }

  Duration delay_min = 10ms;
  Duration delay_range = 40ms;

 private:
  struct Flight {
    std::size_t from;
    std::size_t to;
    Frame frame;
  };

  void arrive(std::size_t from, std::size_t to, const Frame& frame) {
    Node& node = nodes_[to];
    if (!node.links.contains(nodes_[from].id)) return;
    const auto carried = value_or_throw(read_rpc(BytesView(*frame).subspan(frame->size() < 0x80     ? 1
                                                                           : frame->size() < 0x4000 ? 2
                                                                                                    : 3)));
    node.copies += carried.messages.size();
    const auto arrivals = value_or_throw(node.router->receive(nodes_[from].id, frame, now_));
    pump(to);
    for (const Arrival& arrival : arrivals) {
      const Verdict verdict = node.verdict ? node.verdict(arrival) : Verdict::kAccept;
      if (verdict == Verdict::kAccept && !node.got.emplace(arrival.id, now_).second) ++node.handed_over_twice;
      node.router->judge(arrival, verdict, now_);
    }
    pump(to);
  }
  // Links keep the order: the delay is the link's.
  void pump(std::size_t i) {
    wakes_[i] = nodes_[i].router->next_wake();
    Actions actions = nodes_[i].router->take_actions();
    for (Dial& dial : actions.dials) nodes_[i].dials.push_back(std::move(dial));
    for (Send& send : actions.sends) {
      const std::size_t to = index_.at(send.to);
      const std::uint64_t link = (i * 7919 + to * 104729) ^ 0x9e3779b97f4a7c15;
      const auto range = static_cast<std::uint64_t>(delay_range.count());
      const auto jitter = Duration(static_cast<std::int64_t>(link * 0xbf58476d1ce4e5b9 % range));
      flying_.emplace(now_ + delay_min + jitter, Flight{i, to, std::move(send.frame)});
    }
  }

  sim::SeededRandom random_;
  std::vector<Node> nodes_;
  std::vector<Instant> wakes_;  // of each node
  std::map<PeerId, std::size_t> index_;
  std::multimap<Instant, Flight> flying_;
  Instant now_ = kStart;
  std::uint64_t seqno_ = 0;
};

}  // namespace warren::pubsub::testing
