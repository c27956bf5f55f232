// From names to addresses: replaces the /dns, /dns4, /dns6 and /dnsaddr that addresses begin with by the IP
// addresses they stand for now. A dnsaddr is a TXT record with whole multiaddrs, which may be names again.
// https://github.com/libp2p/specs/blob/master/addressing/README.md#ip-and-name-resolution
#pragma once

#include <optional>
#include <vector>

#include "warren/core/peerstore.hpp"
#include "warren/env/clock.hpp"
#include "warren/env/resolver.hpp"

namespace warren {

struct DnsLimits {
  // How deep a dnsaddr may lead to a dnsaddr: go-libp2p's figure.
  std::size_t depth_max = 4;
  // Queries for all addresses of one peer together; /dns takes two of them. Who publishes addresses or
  // records makes us ask, so it is little.
  std::size_t queries_max = 32;
  // Addresses at the end: go-libp2p's figure.
  std::size_t addresses_max = 100;
  // For all of it. What is not known then has failed.
  Duration time_max = 5s;
  // Once there is something to dial, names that have not been resolved for so long hold it up no more.
  Duration patience = 1s;
};

struct DnsExpansion {
  // Those that were no names, as they were, and what names led to, in the order of the given ones. Each once.
  std::vector<Multiaddr> addresses;
  struct Failure {
    Multiaddr address;      // the name that led nowhere
    std::error_code error;  // kNotFound, kTimedOut, kLimitReached (a bound above)...
  };
  std::vector<Failure> failures;
};

// Whether there is something to resolve.
bool begins_with_name(const Multiaddr& address);

// Resolves all at once; never throws but for a cancellation. Where `peer` is given, records that name another
// one are left out. For WebSocket over TLS the name is kept as /sni, because the certificate is the name's.
Task<DnsExpansion> expand_names(Executor executor, Clock& clock, Resolver& resolver,
                                std::optional<PeerId> peer, std::vector<Multiaddr> addresses,
                                DnsLimits limits = {});

}  // namespace warren
