// One run: a network of honest nodes, perhaps sybils among them, and what happens to it in the course of
// time.
#pragma once

#include <optional>
#include <set>

#include "test/sim/gossip/attack.hpp"
#include "test/sim/gossip/honest_node.hpp"
#include "test/sim/gossip/options.hpp"
#include "test/sim/gossip/rules.hpp"

namespace warren::gossip_sim {

// Of a victim's (or, without attack, of a sampled node's) meshes at one moment.
struct MeshSample {
  double honest = 0;  // peers in a mesh, on average
  double sybil = 0;
  double honest_below = 0;  // the share of honest topic peers whose score is below 0
  double sybil_below = 0;   // of sybils
};

struct Phase {
  std::string name;
  Instant from{}, to{};
  Deliveries deliveries;
  MeshSample mesh;  // at its end
};

struct Outcome {
  std::size_t size = 0;
  bool scoring = true;
  std::vector<Phase> phases;
  // Of the first phase, an honest node each.
  double copies = 0;  // by message delivered
  double bytes_in = 0, bytes_out = 0;
  double control = 0;  // share of bytes_out
  double seconds = 0;  // of that phase
  std::uint64_t dropped = 0;
  std::uint64_t left = 0;  // nodes that did, for churn
  std::uint64_t events = 0;
  std::uint64_t fingerprint = 0;
};

class Scenario {
 public:
  // `attack` may be null.
  Scenario(const Options& options, std::size_t size, const Attack* attack, bool scoring);
  Outcome run();

 private:
  enum class Step : std::uint8_t {
    kStart,
    kDial,
    kPublish,
    kUpkeep,
    kLeave,
    kSybils,
    kTurn,
    kMeasure,
    kSample
  };

  void plan(Instant at, Step step, std::uint64_t value = 0);
  void handle(std::uint64_t step);
  void add_nodes();
  void plan_nodes();
  void plan_phases();
  void publish();
  void upkeep();
  void leave();
  void bring_sybils();
  void turn();
  void dial(NodeIndex node);
  bool is_victim(NodeIndex node) const { return victims_.contains(node); }
  bool counts(NodeIndex publisher, NodeIndex receiver) const;
  MeshSample sample() const;
  void summarize(Outcome& outcome) const;
  NodeIndex any_online();
  double uniform() { return static_cast<double>(random_.u64() >> 11) * 0x1p-53; }
  std::size_t honest() const { return nodes_.size(); }

  Options options_;
  std::size_t size_;
  const Attack* attack_;
  sim::SeededRandom random_;
  Network network_;
  Ledger ledger_;
  Common common_;
  Crew crew_;
  std::vector<HonestNode*> nodes_;
  std::vector<NodeIndex> sybils_;
  std::set<NodeIndex> victims_;
  std::set<NodeIndex> sleepers_;
  std::vector<NodeIndex> publishers_;
  std::vector<Phase> phases_;
  Instant end_{};
  std::uint64_t published_ = 0;
  std::uint64_t left_ = 0;
};

}  // namespace warren::gossip_sim
