// Multicast DNS: who is on the same networks as this machine, found without anybody's help. Both roles: it
// asks, and it answers who asks.
// https://github.com/libp2p/specs/blob/master/discovery/mdns.md, RFC 6762
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "warren/async/event.hpp"
#include "warren/async/task_group.hpp"
#include "warren/core/host.hpp"
#include "warren/protocols/mdns/neighbors.hpp"
#include "warren/protocols/mdns/source_limit.hpp"

namespace warren::mdns {

class Membership;

// What it has sent and received since it was made.
struct Counters {
  std::uint64_t queries = 0;    // of ours
  std::uint64_t answers = 0;    // packets of ours that announce us
  std::uint64_t packets = 0;    // received, and understood as of this service
  std::uint64_t malformed = 0;  // received, and no DNS packets, or over a limit
  std::uint64_t limited = 0;    // received, and not looked at because there were too many
};

// Speaks on each network card that the host listens at (Host::addresses), with IPv4 and with IPv6, where it
// does; follows the host when it moves. Dials nobody.
class Mdns {
 public:
  // `host` outlives it.
  explicit Mdns(Host& host, Limits limits = {});
  ~Mdns();
  Mdns(const Mdns&) = delete;
  Mdns& operator=(const Mdns&) = delete;

  void start();
  // Says goodbye, and ends. Not from one of its own signals.
  Task<void> close();

  // A peer is here, or has more addresses than it had: all that are known. Nobody has vouched for them;
  // they are of the networks that this machine is on, or of the machine that told them. They hold until the
  // peer is found again or lost.
  Signal<const PeerInfo&>& found() { return found_; }
  // The peer said goodbye, or has not been heard for as long as it said to be remembered.
  Signal<const PeerId&>& lost() { return lost_; }

  // Who is here now.
  std::vector<PeerInfo> neighbors() const { return neighbors_.peers(); }
  const Counters& counters() const { return counters_; }

 private:
  // A card and whether it is the group of IPv4: there is a membership for each.
  using Place = std::pair<std::uint32_t, bool>;

  Announcement describe(const NetworkInterface& interface) const;
  void receive(Membership& membership, const Datagram& datagram);
  void learn(const NetworkInterface& interface, const IpAddress& source, Announcement announcement);
  void tell(const Changes& changes);
  // Forgets who has expired, and asks before it comes to that.
  Task<void> watch_neighbors();
  Task<void> wait_for_another_deadline(std::optional<Instant> deadline);

  // Speaks where the host listens.
  Task<void> follow_host();
  Task<void> rearrange();
  Task<void> finish_leaving();
  std::map<Place, NetworkInterface> places() const;
  void enter(const Place& place, const NetworkInterface& interface);
  void note_change(bool network);

  Host& host_;
  Limits limits_;
  std::string name_;  // ours, in the service
  SourceLimit source_limit_;
  Neighbors neighbors_;
  Counters counters_;
  std::map<Place, std::unique_ptr<Membership>> memberships_;
  std::vector<std::unique_ptr<Membership>> leaving_;
  std::set<Place> refused_;  // could not be entered, which was logged
  Event changed_;            // of the host
  bool rearrange_ = true;
  bool network_changed_ = false;
  Event heard_;  // the neighbors' next deadline may be another
  std::vector<Subscription> subscriptions_;
  TaskGroup tasks_;
  Signal<const PeerInfo&> found_;
  Signal<const PeerId&> lost_;
};

}  // namespace warren::mdns
