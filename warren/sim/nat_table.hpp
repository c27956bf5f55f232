// What a NAT remembers: mappings from an inside endpoint to an outside one, and under each its sessions, one
// for each remote endpoint that was spoken to. A mapping lives as long as one of its sessions. Lookups are
// hashed, and time-outs kept in lists by kind, so that a packet costs the same however many there are.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "warren/base/time.hpp"
#include "warren/env/endpoint.hpp"
#include "warren/sim/nat_model.hpp"

namespace warren::sim {

class NatTable {
 public:
  // Stable while the mapping or session lives, and given to others after that.
  using Id = std::uint32_t;
  static constexpr Id kNone = ~Id{};

  // Which time-out a session has: one list each.
  enum class Timer : std::uint8_t { kUdp, kIcmp, kTcpTransitory, kTcpOpen };
  using Timeouts = std::array<Duration, 4>;

  struct Mapping {
    NatProtocol protocol;
    Endpoint inside;
    Endpoint outside;
    // The part of the remote endpoint that it depends on, the rest zeros.
    Endpoint scope;
    std::uint32_t sessions = 0;
  };

  struct Session {
    Id mapping = kNone;
    Endpoint remote;
    Timer timer = Timer::kUdp;
    bool heard = false;    // TCP: the other side's SYN has been seen
    bool closing = false;  // TCP: a FIN or RST has been seen
    Instant refreshed{};
    Id before = kNone;
    Id after = kNone;
  };

  Session& session(Id id) { return sessions_[id]; }
  const Mapping& mapping(Id id) const { return mappings_[id]; }

  // Each nothing (kNone) when there is none.
  Id session_from_inside(NatProtocol protocol, const Endpoint& inside, const Endpoint& remote) const;
  Id session_from_outside(NatProtocol protocol, const Endpoint& outside, const Endpoint& remote) const;
  Id mapping_of_inside(NatProtocol protocol, const Endpoint& inside, const Endpoint& scope) const;
  Id mapping_of_outside(NatProtocol protocol, const Endpoint& outside) const;
  // Whether the mapping has a session with any port of that address.
  bool knows(Id mapping, const IpAddress& remote) const;

  // The caller adds a session at once: a mapping without one would stay for ever.
  Id add_mapping(const Mapping& mapping);
  Id add_session(Id mapping, const Endpoint& remote, Timer timer, Instant now);
  // The time-out starts anew. `now` never goes back.
  void refresh(Id session, Timer timer, Instant now);
  // Forgets what has timed out by now.
  void expire(Instant now, const Timeouts& timeouts);
  void clear();

  std::size_t mappings() const { return by_outside_.size(); }
  std::size_t sessions() const { return from_inside_.size(); }

 private:
  struct Key {
    std::uint32_t kind = 0;  // the protocol, or the mapping
    Endpoint one;
    Endpoint other;
    bool operator==(const Key&) const = default;
  };
  struct KeyHash {
    std::size_t operator()(const Key& key) const;
  };
  template <class Value>
  using Index = std::unordered_map<Key, Value, KeyHash>;
  struct List {
    Id first = kNone;
    Id last = kNone;
  };

  static Key key_of(NatProtocol protocol, const Endpoint& one, const Endpoint& other = {});
  static Key key_of(Id mapping, const IpAddress& remote);
  static Id find(const Index<Id>& index, const Key& key);
  List& list(Timer timer) { return lists_[static_cast<std::size_t>(timer)]; }
  void link(Id id);
  void unlink(Id id);
  void remove(Id id);

  std::vector<Mapping> mappings_;
  std::vector<Session> sessions_;
  std::vector<Id> free_mappings_;
  std::vector<Id> free_sessions_;
  Index<Id> by_inside_;
  Index<Id> by_outside_;
  Index<Id> from_inside_;
  Index<Id> from_outside_;
  Index<std::uint32_t> with_address_;  // how many sessions a mapping has with it
  std::array<List, 4> lists_;          // the session that was refreshed first is the first
};

}  // namespace warren::sim
