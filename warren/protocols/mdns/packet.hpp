// DNS messages of the service "_p2p._udp.local": values here, bytes on the wire. What is not about that
// service is read over. https://github.com/libp2p/specs/blob/master/discovery/mdns.md, RFC 1035, RFC 6762,
// RFC 6763
//
//   query:         _p2p._udp.local PTR?
//   announcement:  _p2p._udp.local         PTR  <name>._p2p._udp.local              answer
//                  <name>._p2p._udp.local  TXT  "dnsaddr=/ip4/.../p2p/ID" "..."     additional
//                  <name>._p2p._udp.local  SRV  0 0 <port> <name>.p2p.local         additional
//                  <name>.p2p.local        A, AAAA                                  additional
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "warren/base/bytes.hpp"
#include "warren/base/time.hpp"
#include "warren/crypto/peer_id.hpp"

namespace warren::mdns {

inline constexpr std::string_view kService = "_p2p._udp.local";

// What is read: the largest packet of RFC 6762, section 17, and as many records as anybody has a use for.
inline constexpr std::size_t kPacketSizeMax = 9000;
inline constexpr std::size_t kRecordsMax = 64;
// Of one announcement, those that are left out because they make no sense included.
inline constexpr std::size_t kAddressesMax = 32;
// What is sent: fits an Ethernet frame, behind IPv6's and UDP's headers and a tunnel's.
inline constexpr std::size_t kAnswerSizeMax = 1400;
// Of a string in a TXT record: its length is a byte.
inline constexpr std::size_t kTextSizeMax = 255;

struct Query {
  bool peers = false;              // who is there?
  bool services = false;           // which services are there? (RFC 6763, section 9)
  std::vector<std::string> names;  // of peers whose records are asked for one by one

  bool empty() const { return !peers && !services && names.empty(); }
};

struct Announcement {
  std::string name;  // the peer's, in the service: at most 63 bytes of any value, in lower case
  Duration ttl{};    // how long it holds; zero: the peer leaves
  PeerId peer;       // empty: no addresses
  std::vector<Multiaddr> addresses;  // without /p2p
};

struct Packet {
  Query query;
  std::vector<Announcement> announcements;  // one a name
};

// Empty in both parts when it is about other services. kTooLarge, kMalformed.
Result<Packet> parse(BytesView bytes);

Bytes encode_query();
// The answer to Query::services.
Bytes encode_services(Duration ttl);
// The answer to Query::peers, in as many packets as it takes; addresses whose text is over kTextSizeMax are
// left out. No packet when there are no addresses. Precondition: the name is lower-case letters and digits.
std::vector<Bytes> encode(const Announcement& announcement);

}  // namespace warren::mdns
