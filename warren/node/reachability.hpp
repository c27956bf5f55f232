// What the network sees of this node, and how it stays reachable: its own addresses and what others say of
// them, the NAT in front of it, the relays that it holds, and the circuits that it forwards for others.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "warren/core/signal.hpp"
#include "warren/node/own_address_row.hpp"
#include "warren/protocols/autonat/reachability.hpp"
#include "warren/protocols/relay/reservation_status.hpp"
#include "warren/protocols/relay/service.hpp"
#include "warren/protocols/stun/nat_report.hpp"

namespace warren {

// Where a node is in its life, in this order.
enum class LifeStage {
  kStarting,       // opens its stores, loads its keys
  kListening,      // takes connections
  kBootstrapping,  // looks for a first peer
  kJoined,         // has peers, in the DHT when there is one
  kAnnounced,      // others find its binding and its addresses
  kLeaving,        // says goodbye
  kStopped,
};
std::string_view to_string(LifeStage stage);  // "starting", "listening", "bootstrapping", "joined"...

// One family of addresses, as netcheck shows it.
struct FamilyReport {
  bool has_address = false;            // this machine has one that leads out
  std::optional<stun::NatReport> udp;  // nothing: no STUN server of that family is known
  autonat::Verdict udp_reachable = autonat::Verdict::kUnknown;
  autonat::Verdict tcp_reachable = autonat::Verdict::kUnknown;
};

struct Netcheck {
  FamilyReport ip4;
  FamilyReport ip6;
  std::optional<bool> hairpin;
  std::vector<relay::ReservationStatus> relays;
};

// `warren status`, the part about the network.
struct ReachabilityStatus {
  LifeStage stage = LifeStage::kStarting;
  // Of the node as a whole: the best verdict of its addresses.
  autonat::Verdict reachability = autonat::Verdict::kUnknown;
  bool behind_nat = false;  // an address that others see is not one of this machine's
  std::vector<relay::ReservationStatus> relays;
  bool relays_for_others = false;
  relay::ServiceCounters relayed;
  // What would make it better reachable, a sentence each, the most useful first. Empty: nothing.
  std::vector<std::string> advice;
};

// Works from Node::start() to Node::stop(), whose part it is (node.hpp, reachability()).
class Reachability {
 public:
  struct Parts;
  // They outlive it.
  explicit Reachability(Parts& parts) : parts_(parts) {}

  // Those we tell others, and those we know better than to tell, the most certain first; circuits, too.
  std::vector<OwnAddressRow> addresses() const;
  // What is known by now; `afresh` asks the STUN servers again first, which takes up to three seconds.
  Task<Netcheck> netcheck(bool afresh = false);
  std::vector<relay::ReservationStatus> relays() const;
  ReachabilityStatus status() const;

 private:
  Parts& parts_;
};

}  // namespace warren
