// The network that is simulated: nodes that each run the DHT, of whom some die and others come.
#pragma once

#include <memory>
#include <vector>

#include "test/sim/dht/options.hpp"
#include "warren/async/task_group.hpp"
#include "warren/protocols/kad/kad.hpp"
#include "warren/protocols/kad/wire/memory_dht_store.hpp"
#include "warren/sim/host.hpp"

namespace warren::dht_sim {

struct Node {
  std::unique_ptr<sim::PlainHost> host;
  std::unique_ptr<kad::MemoryDhtStore> store;
  std::unique_ptr<kad::Kad> kad;
  kad::Key key;
  Instant since{};       // when it joined
  std::size_t busy = 0;  // calls under way; it does not die meanwhile
};

class DhtNetwork {
 public:
  explicit DhtNetwork(const Options& options);
  // Ends all nodes.
  ~DhtNetwork();
  DhtNetwork(const DhtNetwork&) = delete;
  DhtNetwork& operator=(const DhtNetwork&) = delete;

  // All nodes, with routing tables as a converged network has them: of each bucket, 20 members by lot.
  void build(std::size_t count);

  // Nodes die and others join, until it is canceled.
  Task<void> churn();
  // So many nodes die at once.
  void kill(std::size_t count);

  const std::vector<std::unique_ptr<Node>>& nodes() const { return nodes_; }
  // One that has been there for at least a minute.
  Node& any_settled();
  // The names of the `count` settled nodes nearest to the key.
  std::vector<PeerId> nearest(const kad::Key& key, std::size_t count) const;
  // Of the entries of all routing tables, the share that is dead.
  double dead_entries() const;
  double table_size() const;   // mean
  double connections() const;  // mean

  sim::Crowd& crowd() { return crowd_; }
  sim::SeededRandom& random() { return random_; }
  TaskGroup& tasks() { return *tasks_; }
  const kad::Config& config() const { return config_; }
  std::uint64_t died() const { return died_; }

  template <class T>
  T run(Task<T> task) {
    return crowd_.loop().run(std::move(task), std::chrono::hours(48));
  }
  Bytes random_key();

 private:
  bool is_settled(const Node& node) const;
  Node& add_node();
  void skip_joining();
  void fill_table(Node& node, const std::vector<std::pair<kad::Key, Node*>>& sorted);
  void kill_one();
  void join_one();
  Task<void> bury(std::unique_ptr<Node> node);
  Task<void> close_all();

  Options options_;
  sim::Crowd crowd_;
  kad::Config config_;
  sim::SeededRandom random_;
  std::unique_ptr<TaskGroup> tasks_;
  std::vector<std::unique_ptr<Node>> nodes_;
  std::uint64_t died_ = 0;
};

}  // namespace warren::dht_sim
