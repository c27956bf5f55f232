#include "warren/sim/link.hpp"

#include <algorithm>
#include <utility>

namespace warren::sim {

namespace {

LinkModel model(std::uint64_t seed, Duration delay) {
  LinkOptions options;
  options.delay = delay;
  return LinkModel(seed, options);
}

}  // namespace

Link::Link(Loop& loop, std::uint64_t seed, Duration delay, Deliver deliver)
    : loop_(loop),
      deliver_(std::move(deliver)),
      directions_{Direction{model(seed, delay), {}}, Direction{model(~seed, delay), {}}} {}

void Link::set_delay(Duration delay) {
  for (Direction& direction : directions_) {
    LinkOptions options = direction.model.options();
    options.delay = delay;
    direction.model.set_options(options);
  }
}

void Link::send(int direction, Packet packet) {
  if (packet.kind == Packet::Kind::kDatagram) return send_datagram(direction, std::move(packet));
  const std::uint64_t connection = packet.connection;
  auto& queue = directions_[direction].lanes[connection].queue;
  queue.push_back(std::move(packet));
  if (!cut_) schedule(direction, connection, queue.back());
}

void Link::send_datagram(int direction, Packet packet) {
  if (cut_ || udp_blocked_) return;
  const auto arrival = directions_[direction].model.send(loop_.now(), size_on_line(packet));
  if (!arrival) return;
  loop_.at(*arrival, [this, direction, packet = std::move(packet), cuts = cuts_]() mutable {
    if (cuts == cuts_) deliver_(direction, std::move(packet));
  });
}

// Plans the arrival of one more packet of the lane.
void Link::schedule(int direction, std::uint64_t connection, const Packet& packet) {
  LinkModel& model = directions_[direction].model;
  const Duration round_trip = options(0).delay + options(1).delay;
  Instant& last = directions_[direction].lanes[connection].last_arrival;
  last = std::max(last, model.send_reliably(loop_.now(), size_on_line(packet), round_trip));
  loop_.at(last, [this, direction, connection, cuts = cuts_] {
    if (cuts == cuts_) arrive(direction, connection);
  });
}

void Link::arrive(int direction, std::uint64_t connection) {
  auto& lanes = directions_[direction].lanes;
  const auto lane = lanes.find(connection);
  Packet packet = std::move(lane->second.queue.front());
  lane->second.queue.pop_front();
  if (lane->second.queue.empty()) lanes.erase(lane);
  deliver_(direction, std::move(packet));
}

void Link::cut() {
  if (std::exchange(cut_, true)) return;
  ++cuts_;
}

void Link::mend() {
  if (!std::exchange(cut_, false)) return;
  for (const int direction : {0, 1}) {
    for (auto& [connection, lane] : directions_[direction].lanes) {
      lane.last_arrival = {};
      for (const Packet& packet : lane.queue) schedule(direction, connection, packet);
    }
  }
}

}  // namespace warren::sim
