// What a router reads in an IP packet and writes into it: addresses, ports, checksums (RFC 791, 8200, 768,
// 9293, 792, 4443), and the packets that ICMP errors quote. Pure functions; each is given a packet that
// others made, and trusts none of its lengths.
#pragma once

#include <optional>

#include "warren/base/bytes.hpp"
#include "warren/sim/nat_model.hpp"

namespace warren::net {

// Of an echo, the identifier is the port at both ends' hosts, and that of whom it concerns is the asker's: it
// stands in `from` when a request or an answer goes out, in `to` when one comes in. The other one is 0.
enum class Towards { kOutside, kInside };

// A packet of UDP or TCP, or an echo of ICMP.
struct Headers {
  sim::NatPacket flow;
  std::size_t size = 0;       // of the whole packet; what is behind it in the buffer is none of it
  std::size_t transport = 0;  // where UDP's header begins, or the like
};

// Nothing for a fragment, for other protocols, and for what is malformed.
std::optional<Headers> parse(BytesView packet, Towards towards);

// Change the address and port and the checksums that cover them. `headers` are those of this packet.
void set_source(MutableBytes packet, const Headers& headers, const Endpoint& source);
void set_destination(MutableBytes packet, const Headers& headers, const Endpoint& destination);

// The reset that answers a SYN, from the endpoint that it went to.
Bytes reset_for(BytesView packet, const Headers& headers);

// An ICMP error: somebody on the way, or the far end, says what became of a packet.
struct IcmpError {
  IpAddress from;
  IpAddress to;
  std::size_t size = 0;
  std::size_t icmp = 0;    // where ICMP's header begins
  std::size_t quoted = 0;  // where the quoted packet begins
  // Of the quoted packet, which went the other way than the error: as much as was quoted.
  Headers about;
};

// `towards`: the error's way. Nothing for other packets, and where a checksum is wrong.
std::optional<IcmpError> parse_error(BytesView packet, Towards towards);

// Change who the error is from, or to whom it goes, and which end of the quoted packet that was.
void set_error_source(MutableBytes packet, const IcmpError& error, const IpAddress& source,
                      const Endpoint& quoted_destination);
void set_error_destination(MutableBytes packet, const IcmpError& error, const Endpoint& quoted_source);

// RFC 1071, of all bytes after a sum so far; not yet complemented.
std::uint32_t sum_of(BytesView bytes, std::uint32_t so_far = 0);

// 4 or 6; nothing for an empty packet and other versions.
std::optional<int> version_of(BytesView packet);

// What every router on the way does: one hop less to live, with the right checksum. False for a packet that
// has none left then, which goes no further, and for one without a whole header; those stay as they are.
bool spend_hop(MutableBytes packet);

}  // namespace warren::net
