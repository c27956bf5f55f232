// The simulated network: participants, the connections between them, frames under way. What happens to whom
// is decided by the queue of events alone.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <unordered_map>
#include <vector>

#include "test/sim/gossip/geography.hpp"
#include "test/sim/gossip/uplink.hpp"
#include "warren/crypto/peer_id.hpp"
#include "warren/env/endpoint.hpp"

namespace warren::gossip_sim {

// Who takes part: an honest node, or a sybil. Called while it is online.
class Participant {
 public:
  virtual ~Participant() = default;

  virtual void on_start() = 0;
  virtual void on_stop() = 0;
  // `outbound`: we dialed.
  virtual void on_connected(NodeIndex peer, bool outbound) = 0;
  virtual void on_disconnected(NodeIndex peer) = 0;
  virtual void on_parcel(NodeIndex from, const Parcel& parcel) = 0;
  // Its last byte is out.
  virtual void on_sent(const Parcel& parcel) = 0;
  // The time that wake_at() named has come.
  virtual void on_timer() = 0;
  // The check that verdict_in() began is done; one call for each, in their order.
  virtual void on_verdict() = 0;
};

class Network {
 public:
  explicit Network(std::uint64_t seed);

  // --- participants: numbered from 0; offline at first ---
  // `address_of`: whose address it shares; kNobody: its own. `fast`: no line that matters (sybils').
  NodeIndex add(std::unique_ptr<Participant> participant, NodeIndex address_of = kNobody, bool fast = false);
  std::size_t size() const { return hosts_.size(); }
  const PeerId& id(NodeIndex node) const { return hosts_[node].id; }
  const IpAddress& address(NodeIndex node) const { return hosts_[node].address; }
  NodeIndex find(const PeerId& id) const;
  bool is_online(NodeIndex node) const { return hosts_[node].online; }
  void start(NodeIndex node);
  // Peers are told at once, or notice after a while that nothing comes from it any more.
  void stop(NodeIndex node, bool graceful);

  // --- connections ---
  // Nothing happens when they are connected already, or one is offline.
  void connect(NodeIndex from, NodeIndex to);
  bool are_connected(NodeIndex a, NodeIndex b) const { return hosts_[a].links.contains(b); }
  std::size_t connections(NodeIndex node) const { return hosts_[node].links.size(); }
  std::size_t dialed(NodeIndex node) const;
  void send(NodeIndex from, NodeIndex to, Parcel parcel, pubsub::Priority priority);
  void withdraw(NodeIndex from, NodeIndex to, std::uint32_t message);
  std::uint64_t dropped() const;

  // --- time ---
  Instant now() const { return queue_.now(); }
  // Replaces the time that was named before.
  void wake_at(NodeIndex node, Instant at);
  void verdict_in(NodeIndex node, Duration delay);
  // `plan` is called with `step` then.
  void plan(Instant at, std::uint64_t step);
  void run(Instant until, const std::function<void(std::uint64_t step)>& plan);
  const EventQueue& queue() const { return queue_; }

 private:
  struct Link {
    std::uint64_t number = 0;  // the same at both ends
    bool outbound = false;
    Instant last_arrival{};  // of what we sent: nothing overtakes
  };
  struct Host {
    std::unique_ptr<Participant> participant;
    PeerId id;
    IpAddress address;
    Uplink uplink;
    std::map<NodeIndex, Link> links;
    bool online = false;
    bool sending = false;
    std::uint64_t life = 0;  // how often it was started
    Instant timer = Instant::max();
  };

  void begin_piece(NodeIndex node);
  void handle(Event& event);
  void drop_link(NodeIndex at, NodeIndex peer);

  Geography geography_;
  std::uint64_t seed_;
  EventQueue queue_;
  std::vector<Host> hosts_;
  std::unordered_map<PeerId, NodeIndex> by_id_;
  std::uint64_t links_ = 0;
  std::uint64_t frames_ = 0;
  std::function<void(std::uint64_t)> plan_;
};

}  // namespace warren::gossip_sim
