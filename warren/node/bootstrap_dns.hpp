// Bootstrap peers that a domain names. Its SRV records say where nodes run, TXT records beside them who these
// are: an SRV record alone authenticates nobody, so without a PeerID it is not dialed.
//
//   _warren._udp.example.com.  SRV  0 0 4001 boot.example.com.           QUIC at UDP port 4001
//   _warren._tcp.example.com.  SRV  0 0 4001 boot.example.com.           TCP
//   _warren._udp.example.com.  TXT  "dnsaddr=/dns/boot.example.com/p2p/12D3..."
//
// TXT records count at both SRV names and at `_dnsaddr.<domain>`, where all libp2p peers look. Each holds a
// multiaddr that ends in /p2p/<PeerID>:
// - /dns/HOST/p2p/ID says whose the SRV targets of that host are; /p2p/ID alone, whose those are that no
//   other record names.
// - a whole address (/ip4/192.0.2.1/tcp/4001/p2p/ID, /dns/HOST/udp/4001/quic-v1/p2p/ID) is a bootstrap
// address
//   itself, and says the same of its HOST; where ports differ, the record with the port of the SRV counts.
// - /dnsaddr/NAME leads to the tree of records there (swarm/dns_addresses.hpp), where whole addresses are.
// Of a host that no record names, the PeerID is the only one that the records have, if there is just one.
// https://www.rfc-editor.org/rfc/rfc2782 (SRV), https://github.com/libp2p/specs/tree/master/addressing
// (dnsaddr)
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "warren/core/host.hpp"
#include "warren/crypto/node_id.hpp"

namespace warren {

// Of one domain; more of them would only cost connections.
inline constexpr std::size_t kDomainAddressesMax = 32;
// For all questions about a domain, which are asked at the same time.
inline constexpr Duration kDomainTimeout = 5s;
// When a domain is asked again: when its records have had their time, within these bounds.
inline constexpr Duration kDomainTtlMin = 30s;
inline constexpr Duration kDomainTtlMax = 1h;

struct DomainAnswer {
  std::vector<Multiaddr> addresses;   // with /p2p, in the order to try them; names as they are
  Duration ttl = kDomainTtlMax;       // how long they hold
  std::vector<std::string> warnings;  // what is wrong with the records, one sentence each
};

// Whether it is the name of a domain that SRV records can be asked for: labels of letters, digits, "-" and
// "_", 230 characters in all. A dot at its end is none of it.
bool is_domain(std::string_view text);

// In the order to try them: the least priority first, of equals by lot, the more likely the more weight
// (RFC 2782).
std::vector<ServiceRecord> in_service_order(std::vector<ServiceRecord> records, Random& random);

// What the records of one domain say, as text above. `udp` and `tcp` are in the order to try them; `texts`
// are the multiaddrs of TXT records.
DomainAnswer join_records(std::string_view domain, const std::vector<ServiceRecord>& udp,
                          const std::vector<ServiceRecord>& tcp, const std::vector<Multiaddr>& texts);

// Asks for all of it, afresh. An answer has addresses, or warnings that say why there are none. Throws what
// the questions failed with when there is neither: kNotFound when there is no such record, kTimedOut,
// kUnreachable..., kUnsupported without a resolver. `env` outlives the call.
Task<DomainAnswer> read_domain(Env* env, std::string domain);

// The same for a /dnsaddr without /p2p, whose tree names the peers.
Task<DomainAnswer> read_dnsaddr(Env* env, Multiaddr address);

// The lines for the zone file of one's own domain that make this node a bootstrap peer of it: SRV and TXT
// records, and as comments what else has to be there. From its public addresses, those with names, and where
// there are none of these its private ones; relayed ones, and ones without QUIC or TCP, are left out. Empty
// when no address is left.
std::vector<std::string> bootstrap_zone(std::string_view domain, const PeerId& peer,
                                        const std::vector<Multiaddr>& addresses, std::optional<NodeId> node);

}  // namespace warren
