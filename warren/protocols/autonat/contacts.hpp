// Whom this node has sent anything to lately: IP addresses by transport. A NAT that filters by address lets
// those in, so that their word on our reachability is worth less than a stranger's.
#pragma once

#include <map>
#include <utility>

#include "warren/base/time.hpp"
#include "warren/env/endpoint.hpp"
#include "warren/multiformats/multiaddr.hpp"

namespace warren::autonat {

// A NAT forgets whom it has let out after 2 to 5 minutes (RFC 4787, REQ-5; TCP after its end: RFC 5382).
inline constexpr Duration kContactLife = 6min;
inline constexpr std::size_t kContactsMax = 4096;

class Contacts {
 public:
  // Something was sent there, or came from there and was answered. `transport`: kUdp or kTcp.
  void note(const IpAddress& ip, Protocol transport, Instant now);
  // A connection begins, and ends.
  void opened(const IpAddress& ip, Protocol transport, Instant now);
  void closed(const IpAddress& ip, Protocol transport, Instant now);

  // Whether that was so at `then`, up to now: a contact that began later does not count.
  bool contacted(const IpAddress& ip, Protocol transport, Instant then, Instant now) const;

  std::size_t size() const { return contacts_.size(); }

 private:
  struct Contact {
    Instant first;
    Instant last;
    std::size_t open = 0;
    bool holds(Instant now) const { return open > 0 || now < last + kContactLife; }
  };
  using Key = std::pair<IpAddress, Protocol>;

  Contact& touch(const Key& key, Instant now);
  void make_room(Instant now);

  std::map<Key, Contact> contacts_;
};

}  // namespace warren::autonat
