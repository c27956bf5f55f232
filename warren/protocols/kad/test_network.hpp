// Test support: a simulated network of nodes with a DHT each, and values that say how new they are.
#pragma once

#include <charconv>
#include <deque>

#include "warren/async/as_result.hpp"
#include "warren/protocols/identify/identify.hpp"
#include "warren/protocols/kad/kad.hpp"
#include "warren/protocols/kad/wire/memory_dht_store.hpp"
#include "warren/swarm/test_node.hpp"

namespace warren::kad::test {

// Values under "/toy/<name>" are "<serial> <name>".
class ToyValidator final : public Validator {
 public:
  std::string_view name_space() const override { return "toy"; }
  Result<WallTime> validate(BytesView key, BytesView value, WallTime now) const override {
    const std::string_view text = as_text(value);
    const auto space = text.find(' ');
    if (space == std::string_view::npos) return fail(Errc::kBadRecord);
    if (text.substr(space + 1) != as_text(record_key_rest(key))) return fail(Errc::kBadRecord);
    return now + std::chrono::hours(24);
  }
  bool supersedes(BytesView, BytesView a, BytesView b) const override { return serial(a) > serial(b); }

 private:
  static int serial(BytesView value) {
    int number = 0;
    const std::string_view text = as_text(value);
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
  }
};

inline Validators toy_validators() {
  Validators validators;
  validators.add(std::make_unique<ToyValidator>());
  return validators;
}

inline Bytes toy_key(std::string_view name) {
  return record_key("toy", as_bytes(name));
}
inline Bytes toy_value(int serial, std::string_view name) {
  return to_bytes(std::to_string(serial) + " " + std::string(name));
}

inline Config test_config(Mode mode = Mode::kServer) {
  Config config;
  config.protocol = warren_protocol("test");
  config.mode = mode;
  return config;
}

// A host that speaks identify and is in the DHT.
struct DhtNode {
  DhtNode(sim::Machine& machine, DhtStore& store, Config config, std::optional<std::uint8_t> seed = {})
      : node(machine, SwarmLimits{}, {TestNode::Security::kNoise}, seed),
        identify(node.host, "test/1"),
        kad(node.host, std::move(config), toy_validators(), store),
        identified(identify.identified().subscribe(
            [this](const ConnectionPtr& connection) { kad.consider(connection->remote_peer()); })) {
    identify.start();
    info = node.listen();
  }
  Task<void> close() {
    co_await kad.close();
    identified.reset();
    co_await identify.close();
    co_await node.host.close();
  }
  const PeerId& id() const { return node.host.peer_id(); }

  TestNode node;
  identify::Identify identify;
  Kad kad;
  Subscription identified;
  PeerInfo info;
};

struct DhtNetwork {
  explicit DhtNetwork(std::size_t count, std::uint64_t seed = 5) : world(seed) {
    for (std::size_t i = 0; i < count; ++i) add();
    join();
  }
  ~DhtNetwork() {
    for (const auto& node : nodes) {
      if (node) world.run(node->close());
    }
  }

  DhtNode& add(Config config = test_config()) {
    sim::Machine& machine = world.add_machine("machine" + std::to_string(nodes.size()));
    stores.push_back(std::make_unique<MemoryDhtStore>());
    nodes.push_back(std::make_unique<DhtNode>(machine, *stores.back(), std::move(config)));
    world.run(nodes.back()->kad.start());
    return *nodes.back();
  }
  // Everybody knows the first one, and finds the others through it.
  void join() {
    for (std::size_t i = 1; i < nodes.size(); ++i) join(*nodes[i]);
    world.loop().advance(10s);
  }
  void join(DhtNode& node) { world.run(node.node.host.connect(nodes.front()->info)); }

  // The process is killed: nobody is told.
  void crash(std::size_t index) {
    nodes[index]->node.machine.crash();
    world.run(nodes[index]->close());
    nodes[index].reset();
  }

  DhtNode& operator[](std::size_t index) { return *nodes[index]; }
  std::size_t size() const { return nodes.size(); }
  template <class T>
  T run(Task<T> task) {
    return world.run(std::move(task));
  }

  sim::World world;
  std::vector<std::unique_ptr<MemoryDhtStore>> stores;
  std::vector<std::unique_ptr<DhtNode>> nodes;
};

inline bool has(const std::vector<PeerId>& peers, const PeerId& peer) {
  return std::ranges::find(peers, peer) != peers.end();
}
inline bool has(const std::vector<PeerInfo>& peers, const PeerId& peer) {
  return std::ranges::find(peers, peer, &PeerInfo::id) != peers.end();
}

}  // namespace warren::kad::test
