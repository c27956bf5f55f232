#include "test/sim/gossip/network.hpp"

#include <algorithm>
#include <utility>

#include "warren/sim/random.hpp"

namespace warren::gossip_sim {

namespace {

constexpr double kFast = 1e9 / 8;
// Until a connection on which nothing comes is given up: the connection manager's pings.
constexpr Duration kSilence = 10s;

// An Ed25519 key's PeerID, of a key that nobody has.
PeerId draw_id(sim::SeededRandom& random) {
  Bytes bytes = {0x00, 0x24, 0x08, 0x01, 0x12, 0x20};
  append(bytes, random.bytes<32>());
  return PeerId::from_bytes(bytes).value();
}

// A public address; /8s that are nobody's private network.
IpAddress address_of(NodeIndex node) {
  return IpAddress::v4({static_cast<std::uint8_t>(20 + (node >> 24)), static_cast<std::uint8_t>(node >> 16),
                        static_cast<std::uint8_t>(node >> 8), static_cast<std::uint8_t>(node)});
}

}  // namespace

Network::Network(std::uint64_t seed) : geography_(seed), seed_(seed) {}

NodeIndex Network::add(std::unique_ptr<Participant> participant, NodeIndex like, bool fast) {
  const auto node = static_cast<NodeIndex>(hosts_.size());
  sim::SeededRandom random(seed_ * 0x10001 + node);
  hosts_.push_back({.participant = std::move(participant),
                    .id = draw_id(random),
                    .address = address_of(like == kNobody ? node : like),
                    .uplink = Uplink(fast ? kFast : geography_.uplink(node)),
                    .links = {}});
  by_id_.emplace(hosts_.back().id, node);
  return node;
}

NodeIndex Network::find(const PeerId& id) const {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? kNobody : found->second;
}

void Network::start(NodeIndex node) {
  Host& host = hosts_[node];
  if (host.online) return;
  host.online = true;
  ++host.life;
  host.timer = Instant::max();
  host.participant->on_start();
}

void Network::stop(NodeIndex node, bool graceful) {
  Host& host = hosts_[node];
  if (!host.online) return;
  host.online = false;
  host.participant->on_stop();
  host.uplink.clear();
  for (const auto& [peer, link] : std::exchange(host.links, {})) {
    const Duration until = graceful ? geography_.between(node, peer) : kSilence;
    queue_.push(now() + until,
                {.kind = EventKind::kLost, .node = peer, .peer = node, .value = link.number, .parcel = {}});
  }
}

void Network::connect(NodeIndex from, NodeIndex to) {
  if (from == to || to == kNobody || !is_online(from) || !is_online(to)) return;
  if (are_connected(from, to)) return;
  // The other end may not have noticed yet that the last connection is dead.
  drop_link(to, from);
  const std::uint64_t number = ++links_;
  hosts_[from].links[to] = {.number = number, .outbound = true};
  hosts_[to].links[from] = {.number = number, .outbound = false};
  hosts_[from].participant->on_connected(to, true);
  hosts_[to].participant->on_connected(from, false);
}

void Network::drop_link(NodeIndex at, NodeIndex peer) {
  Host& host = hosts_[at];
  if (host.links.erase(peer) == 0) return;
  host.uplink.forget(peer);
  if (host.online) host.participant->on_disconnected(peer);
}

std::size_t Network::dialed(NodeIndex node) const {
  return static_cast<std::size_t>(
      std::ranges::count_if(hosts_[node].links, [](const auto& one) { return one.second.outbound; }));
}

void Network::send(NodeIndex from, NodeIndex to, Parcel parcel, pubsub::Priority priority) {
  Host& host = hosts_[from];
  if (!host.links.contains(to)) return;
  if (!host.uplink.offer(to, std::move(parcel), priority)) return;
  if (!host.sending) begin_piece(from);
}

void Network::withdraw(NodeIndex from, NodeIndex to, std::uint32_t message) {
  hosts_[from].uplink.withdraw(to, message);
}

std::uint64_t Network::dropped() const {
  std::uint64_t sum = 0;
  for (const Host& host : hosts_) sum += host.uplink.dropped();
  return sum;
}

void Network::begin_piece(NodeIndex node) {
  Host& host = hosts_[node];
  auto piece = host.uplink.next();
  host.sending = piece.has_value();
  if (!piece) return;
  queue_.push(now() + piece->took, {.kind = EventKind::kUplink, .node = node, .parcel = {}});
  if (!piece->finished) return;
  const auto found = host.links.find(piece->to);
  if (found == host.links.end()) return;
  Link& link = found->second;
  const Duration delay = geography_.between(node, piece->to);
  const Instant at = now() + piece->took + delay + geography_.jitter(delay, ++frames_);
  link.last_arrival = std::max(link.last_arrival, at);
  host.participant->on_sent(*piece->finished);
  queue_.push(link.last_arrival, {.kind = EventKind::kArrival,
                                  .node = piece->to,
                                  .peer = node,
                                  .value = link.number,
                                  .parcel = std::move(*piece->finished)});
}

void Network::wake_at(NodeIndex node, Instant at) {
  Host& host = hosts_[node];
  at = std::max(at, now());
  if (at == host.timer || at == Instant::max()) return;
  host.timer = at;
  queue_.push(at, {.kind = EventKind::kTimer, .node = node, .value = host.life, .parcel = {}});
}

void Network::verdict_in(NodeIndex node, Duration delay) {
  queue_.push(now() + delay,
              {.kind = EventKind::kVerdict, .node = node, .value = hosts_[node].life, .parcel = {}});
}

void Network::plan(Instant at, std::uint64_t step) {
  queue_.push(at, {.kind = EventKind::kPlan, .value = step, .parcel = {}});
}

void Network::run(Instant until, const std::function<void(std::uint64_t)>& plan) {
  plan_ = plan;
  while (!queue_.empty() && queue_.next() <= until) {
    Event event = queue_.pop();
    handle(event);
  }
}

void Network::handle(Event& event) {
  if (event.kind == EventKind::kPlan) {
    plan_(event.value);
    return;
  }
  Host& host = hosts_[event.node];
  const auto link = event.peer == kNobody ? host.links.end() : host.links.find(event.peer);
  const bool is_ours = link != host.links.end() && link->second.number == event.value;
  const bool is_alive = host.online && host.life == event.value;
  switch (event.kind) {
    case EventKind::kArrival:
      if (is_ours) host.participant->on_parcel(event.peer, event.parcel);
      break;
    case EventKind::kUplink: begin_piece(event.node); break;
    case EventKind::kTimer:
      if (!is_alive || host.timer != now()) break;
      host.timer = Instant::max();
      host.participant->on_timer();
      break;
    case EventKind::kVerdict:
      if (is_alive) host.participant->on_verdict();
      break;
    case EventKind::kLost:
      if (is_ours) drop_link(event.node, event.peer);
      break;
    case EventKind::kPlan: break;
  }
}

}  // namespace warren::gossip_sim
