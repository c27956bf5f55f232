// Keeps this host registered at rendezvous points, and looks there for others, as long as it runs.
// https://github.com/libp2p/specs/blob/master/rendezvous/README.md
#pragma once

#include <list>

#include "warren/async/event.hpp"
#include "warren/async/task_group.hpp"
#include "warren/core/host.hpp"
#include "warren/protocols/rendezvous/client.hpp"

namespace warren::rendezvous {

// How often each point is asked for those who came: after three quarters of this to all of it, by chance, so
// that two who find each other there do not dial each other in the same moment.
inline constexpr Duration kDiscoverInterval = 60s;
// The least time from one visit to the next, however often addresses change or the connection breaks.
inline constexpr Duration kVisitInterval = 5s;
// After a point was not reached: twice as long each time, up to this.
inline constexpr Duration kVisitBackoffMax = 5min;
// After a point refused to register us.
inline constexpr Duration kRefusedInterval = 10min;
// Answers that are read in one visit; further ones come with the next.
inline constexpr std::size_t kPagesMax = 16;

class Registrant {
 public:
  // What is known of one point.
  struct Point {
    PeerInfo info;
    bool registered = false;
    std::error_code error;          // of the last visit, when it failed
    std::optional<Status> refusal;  // why it does not register us, or does not answer
    Instant visited = Instant::min();
    Duration pause = kDiscoverInterval;  // until it is asked again
    Instant register_at = Instant::min();
    std::uint64_t addresses_seen = 0;  // which of our addresses it knows
    std::uint32_t failures = 0;        // in a row
    bool lost = false;                 // the connection over which it was told
    Bytes cookie;
  };

  // The host outlives it. `name_space` as is_namespace() says.
  Registrant(Host& host, std::vector<PeerInfo> points, std::string name_space);

  // Registers, and again when three quarters of the time are over, when our addresses have changed, and when
  // the connection to the point is another one: it may have been restarted. A connection that ends is made
  // anew when the next visit is due, not at once: points that are full close idle ones.
  void start();
  // Withdraws the registrations where a connection is open, and ends.
  Task<void> close();

  // Each peer that a point names, ourselves left out; its addresses are in the peerstore already. The same
  // one is told again whenever it has registered again.
  Signal<const PeerInfo&>& found() { return found_; }
  const std::list<Point>& points() const { return points_; }

 private:
  Task<void> keep(Point* point);
  Task<void> visit(Point* point);
  Task<void> register_at(Point* point, ConnectionPtr connection);
  Task<void> discover_at(Point* point, ConnectionPtr connection);
  Task<void> wait(Point* point);
  Task<void> leave(ConnectionPtr connection);
  Instant next_visit(const Point& point) const;
  bool must_register(const Point& point) const;
  void on_connected(const PeerId& peer);
  void on_disconnected(const PeerId& peer);

  Host& host_;
  std::list<Point> points_;  // the tasks hold their places
  std::string name_space_;
  std::uint64_t addresses_version_ = 1;
  Event changed_;
  Signal<const PeerInfo&> found_;
  std::vector<Subscription> subscriptions_;
  TaskGroup tasks_;
};

}  // namespace warren::rendezvous
