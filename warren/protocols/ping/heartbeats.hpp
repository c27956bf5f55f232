// Heartbeats on the paths for which there is an alternative, or that a NAT may forget: finds a dead path
// within seconds of its use and closes it (kPathSilent), so that what goes over it moves to the next one; and
// tells each connection its health. The beats are libp2p pings. When and what: heartbeat.hpp.
#pragma once

#include <map>
#include <memory>
#include <vector>

#include "warren/async/event.hpp"
#include "warren/async/task_group.hpp"
#include "warren/core/host.hpp"
#include "warren/protocols/ping/heartbeat.hpp"

namespace warren::ping {

// Watches each connection of a peer that has more than one, and each direct one beside which a relayed one
// was open: its way through the NAT is closed when nothing goes through for a while. All others cost nothing.
// A peer that does not speak ping is left alone.
class Heartbeats {
 public:
  // Paths that are watched; more are not. Each costs a timer, and a beat every 15 s when nobody uses it.
  static constexpr std::size_t kPathsMax = 256;

  // The host outlives this object.
  explicit Heartbeats(Host& host, HeartbeatTimes times = {});

  void start();
  // Stops and waits until nothing runs. Connections stay as they are.
  Task<void> close();

  // Somebody has opened a stream on the connection, or waits for an answer on one: it is beaten each second
  // for a while, at once if the last beat is older than that. Cheap; of connections that are not watched,
  // too.
  void note_use(const Connection& connection);
  // Bytes from the peer arrived on it: it is alive, though its beats may wait behind those bytes.
  void note_heard(const Connection& connection);
  // After a change of the network, or a sleep: beats on every watched path at once, which have a second to
  // answer.
  void check_now();

  std::size_t watched() const { return paths_.size(); }

 private:
  struct Held;
  struct Path;
  using PathPtr = std::shared_ptr<Path>;

  // Of this peer's connections, begins or stops to watch.
  void review(const PeerId& peer);
  void watch(const ConnectionPtr& connection, bool through_nat);
  void forget(const Connection& connection);
  Path* find(const Connection& connection) const;

  Task<void> run(PathPtr path);
  void look(Path& path);
  // Those to the same peer but for this one.
  std::vector<Path*> others(const Path& path) const;
  Task<void> beat(PathPtr path, Heartbeat::Beat beat);
  // The stream on which it was answered.
  Task<Held> beat_on_stream(PathPtr path);
  Task<void> put_away(PathPtr path, Held held);
  void answered(Path& path);

  Host& host_;
  HeartbeatTimes times_;
  std::map<const Connection*, PathPtr> paths_;
  std::vector<Subscription> subscriptions_;
  TaskGroup tasks_;
};

}  // namespace warren::ping
