// Addresses that peers see us at (identify), of which two from different networks have seen the same: then
// it is ours, and not what one of them makes up, nor what a NAT made for one of them only.
#pragma once

#include <map>
#include <vector>

#include "warren/core/host.hpp"
#include "warren/protocols/autonat/address_facts.hpp"

namespace warren::autonat {

// How many networks must have seen an address.
inline constexpr std::size_t kObserversMin = 2;
// How long an observation is worth something once the connection it was made over has ended.
inline constexpr Duration kObservationLife = 10min;
// Observations kept, of all and of one peer.
inline constexpr std::size_t kObservationsMax = 512;
inline constexpr std::size_t kObservationsPerPeerMax = 4;
// Addresses that are ours at a time, those that most have seen.
inline constexpr std::size_t kObservedSocketsMax = 8;

// The policy. Sockets are compared, not addresses: one that listens for QUIC and WebTransport is seen at both
// when it is seen at one.
class ObservationBook {
 public:
  // `private_networks`: private addresses count as well, else those are what a peer on our own network sees.
  explicit ObservationBook(bool private_networks = false) : private_networks_(private_networks) {}

  // Over a connection from our socket `local`, a peer of that network sees us at `observed`. The connection
  // is named by any number that no other open one has. What a peer says first of a connection is replaced by
  // what it says later.
  void note(std::uint64_t connection, const PeerId& observer, const IpAddress& network,
            const SocketKey& local, const SocketKey& observed, Instant now);
  void ended(std::uint64_t connection, Instant now);

  // The socket of ours that is seen there, and where.
  struct Seen {
    SocketKey local;  // its IP is not of interest and left unspecified
    SocketKey observed;
    std::size_t networks = 0;
    auto operator<=>(const Seen&) const = default;
  };
  // What was seen elsewhere says nothing of here.
  void forget() { observations_.clear(); }

  // By how many have seen it. Forgets what is too old.
  std::vector<Seen> confirmed(Instant now);
  // The same of open connections, with what only one network has seen.
  std::vector<Seen> current() const;

  // What the NAT makes of a port of ours, by those who have seen it, of two networks at least.
  struct Mapping {
    std::optional<bool> dependent;   // each has seen another port; nothing: too few have seen one
    std::vector<IpAddress> outside;  // where two of them have seen us
  };
  Mapping mapping(Protocol transport, Instant now) const;

 private:
  struct Observation {
    std::uint64_t connection = 0;
    PeerId observer;
    IpAddress network;
    SocketKey local;
    SocketKey observed;
    Instant at;
    std::optional<Instant> expires;  // nothing: its connection is open
  };

  void make_room(const PeerId& observer, Instant now);
  std::vector<Seen> seen_by(std::size_t networks_min, bool open_only) const;

  bool private_networks_;
  std::vector<Observation> observations_;  // the oldest first
};

// What the host listens on, seen from there: each listening address whose port and transport are those of the
// socket, with the address and port that others see.
std::vector<Multiaddr> seen_from_outside(const std::vector<ObservationBook::Seen>& seen,
                                         const std::vector<Multiaddr>& listening);

// The pump: takes what identify hears, knows which connections are open.
class ObservedAddresses {
 public:
  // The host outlives it.
  explicit ObservedAddresses(Host& host, bool private_networks = false);

  void start();
  void close() { subscriptions_.clear(); }

  // To be subscribed to identify's observed().
  void note(const ConnectionPtr& connection, const Multiaddr& observed);

  // Without /p2p.
  std::vector<Multiaddr> addresses();
  // The same with what only one peer sees, over a connection that is open: too little to announce it, enough
  // to let a peer try it when both sides look for a direct path.
  std::vector<Multiaddr> tentative() const;
  // What the NAT makes of the port that we listen on for TCP, and dial from.
  ObservationBook::Mapping tcp_mapping() const {
    return book_.mapping(Protocol::kTcp, host_.env().clock.now());
  }
  // What addresses() returns may have changed. Time passing alone is not told.
  Signal<>& changed() { return changed_; }

 private:
  static std::uint64_t number_of(const Connection& connection) {
    return reinterpret_cast<std::uintptr_t>(&connection);
  }
  void tell_changes();

  Host& host_;
  ObservationBook book_;
  std::vector<ObservationBook::Seen> last_;
  std::vector<IpAddress> interfaces_;  // as of the last change of the network
  Signal<> changed_;
  std::vector<Subscription> subscriptions_;
};

}  // namespace warren::autonat
