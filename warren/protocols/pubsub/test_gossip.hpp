// Test support: hosts that speak gossipsub, and peers that speak it as they like.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "warren/async/as_result.hpp"
#include "warren/protocols/identify/identify.hpp"
#include "warren/protocols/pubsub/gossipsub.hpp"
#include "warren/protocols/pubsub/wire/message.hpp"
#include "warren/protocols/pubsub/wire/rpc.hpp"
#include "warren/swarm/test_node.hpp"

namespace warren::pubsub {

// A node with identify and gossipsub; what it is delivered is kept.
struct GossipNode : TestNode {
  GossipNode(sim::World& world, const std::string& name, GossipConfig config = {}, Accounts accounts = {},
             const std::vector<Transport*>& further = {})
      : TestNode(world.add_machine(name), {}, {Security::kNoise, Security::kTls}, {}, nullptr, further),
        world(world),
        identify(host, name),
        gossip(host, std::move(config), accounts),
        info(listen()) {
    told = identify.told().subscribe([this](const ConnectionPtr& c) { gossip.review(c->remote_peer()); });
    identify.start();
    gossip.start();
  }
  ~GossipNode() { close(); }

  void close() {
    if (std::exchange(closed, true)) return;
    world.run(gossip.close());
    world.run(identify.close());
    world.run(host.close());
  }
  void join(const Topic& topic, TopicConfig config = {}) {
    const auto keep = [this](const std::shared_ptr<const Message>& message) { got.push_back(message); };
    REQUIRE(gossip.join(topic, std::move(config), keep));
  }
  ConnectionPtr connect(const TestNode& other, const PeerInfo& where) {
    CHECK(where.id == other.host.peer_id());
    return world.run(host.connect(where));
  }
  void connect(const GossipNode& other) { connect(other, other.info); }
  PublishReport publish(const Topic& topic, std::string_view text, Duration patience = 2s) {
    return world.run(gossip.publish(topic, to_bytes(text), patience));
  }
  // Of all topics, in the order in which they came.
  std::vector<std::string> texts() const {
    std::vector<std::string> all;
    for (const auto& message : got) all.push_back(to_text(message->data));
    return all;
  }
  double score_of(const PeerId& peer) const {
    for (const TopicView& topic : gossip.topics()) {
      for (const TopicPeer& known : topic.peers) {
        if (known.peer == peer) return known.score;
      }
    }
    return 0;
  }
  bool knows(const Topic& topic, const PeerId& peer) const {
    const auto peers = gossip.topic_peers(topic);
    return std::ranges::find(peers, peer) != peers.end();
  }

  sim::World& world;
  identify::Identify identify;
  GossipSub gossip;
  PeerInfo info;
  Subscription told;
  std::vector<std::shared_ptr<const Message>> got;
  bool closed = false;
};

// A peer without gossipsub: says exactly what the test wants, and hears only that the stream is there.
struct Stranger : TestNode {
  Stranger(sim::World& world, const std::string& name, std::vector<ProtocolId> protocols = {"/meshsub/1.2.0"})
      : TestNode(world.add_machine(name)), world(world), identify(host, name) {
    for (const ProtocolId& protocol : protocols) {
      host.handle(protocol, [this, protocol](ConnectionPtr, StreamPtr stream) {
        return hear(protocol, std::move(stream));
      });
    }
    info = listen();
    identify.start();
  }
  ~Stranger() {
    stream.reset();
    world.run(identify.close());
    world.run(host.close());
  }

  void connect(const GossipNode& to) { connection = world.run(host.connect(to.info)); }
  // Opens the stream on which it speaks from now on.
  void open(const ProtocolId& protocol = "/meshsub/1.2.0") {
    stream = world.run(connection->open_stream(protocol));
  }
  // False: the stream is reset.
  bool write(BytesView bytes) { return world.run(as_result(stream->write(bytes))).has_value(); }
  bool say(const Rpc& rpc) { return write(*write_rpc(rpc)); }
  bool subscribe(std::string_view topic) {
    Rpc rpc;
    rpc.subscriptions.push_back({true, topic});
    return say(rpc);
  }
  bool send_message(BytesView message) { return write(*message_frame(message)); }
  Bytes sign(std::string_view topic, std::string_view text) {
    return sign_message(key, ++seqno, topic, as_bytes(text));
  }
  // Of all streams so far.
  std::size_t heard_messages() const { return messages.size(); }

  Task<void> hear(ProtocolId protocol, StreamPtr inbound) {
    opened.push_back(protocol);
    if (deaf) co_await host.env().clock.sleep_for(std::chrono::hours(1));
    while (true) {
      const auto frame = co_await read_delimited_or_end(*inbound, 1 << 22);
      if (!frame) break;
      const auto rpc = value_or_throw(read_rpc(*frame));
      for (const auto& change : rpc.subscriptions) {
        if (change.subscribe) subscriptions.emplace_back(change.topic);
      }
      for (const BytesView message : rpc.messages) messages.push_back(to_bytes(message));
      if (resets > 0) {
        --resets;
        throw_error(Errc::kReset);
      }
    }
  }

  sim::World& world;
  identify::Identify identify;
  PeerInfo info;
  ConnectionPtr connection;
  StreamPtr stream;
  std::uint64_t seqno = 0;
  bool deaf = false;  // reads nothing
  int resets = 0;     // so many streams are reset after their first RPC
  std::vector<ProtocolId> opened;
  std::vector<std::string> subscriptions;
  std::vector<Bytes> messages;
};

}  // namespace warren::pubsub
