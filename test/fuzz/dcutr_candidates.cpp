// The addresses of a CONNECT, from a peer that may be hostile: nothing outside the rules is ever tried or
// told, wherever we stand. The first byte says where; the rest is the message.

#include <algorithm>
#include <map>

#include "warren/base/assert.hpp"
#include "warren/core/address_scope.hpp"
#include "warren/core/ip_address.hpp"
#include "warren/protocols/dcutr/candidates.hpp"
#include "warren/protocols/dcutr/message.hpp"

namespace warren::dcutr {
namespace {

Multiaddr ma(const char* text) {
  return value_or_throw(Multiaddr::parse(text));
}
IpAddress ip(const char* text) {
  return value_or_throw(IpAddress::parse(text));
}

enum Place : std::uint8_t {
  kHard = 1,
  kPrivateNetwork = 2,
  kKnownNeighbour = 4,
  kKnowsLowPort = 8,
  kLost = 16
};

Situation situation(std::uint8_t place) {
  Situation made;
  made.peer = value_or_throw(PeerId::from_bytes(Bytes{0x00, 0x04, 1, 2, 3, 7}));
  made.ours.mapping = (place & kHard) != 0 ? NatMapping::kDependent : NatMapping::kEndpointIndependent;
  made.private_networks = (place & kPrivateNetwork) != 0;
  if ((place & kLost) == 0) made.ours.addresses = {ma("/ip4/192.0.2.1/udp/4001/quic-v1")};
  made.ours.local = {ma("/ip4/10.1.2.3/udp/4001/quic-v1"), ma("/ip6/fd00:1::3/tcp/4001")};
  made.ours.outside = {ip("192.0.2.1")};
  if ((place & kKnownNeighbour) != 0) made.seen_at = {ip("192.0.2.1")};
  if ((place & kKnowsLowPort) != 0) made.known = {ma("/ip4/198.51.100.7/tcp/443")};
  return made;
}

bool is_own_subnet(const IpAddress& at) {
  const BytesView bytes = at.bytes();
  if (at.is_v4()) return bytes[0] == 10 && bytes[1] == 1 && bytes[2] == 2;
  return std::ranges::equal(bytes.first(8), ip("fd00:1::").bytes().first(8));
}

// Of a plain form, to somewhere that packets may go to.
void check_form(const Multiaddr& address) {
  const auto parts = address.components();
  const bool tcp = parts.size() == 2 && parts[1].code == Protocol::kTcp;
  const bool quic =
      parts.size() == 3 && parts[1].code == Protocol::kUdp && parts[2].code == Protocol::kQuicV1;
  WARREN_ASSERT(tcp || quic);
  WARREN_ASSERT(parts[1].port() != 0);
  const auto at = ip_address_of(address);
  WARREN_ASSERT(at.has_value());
  const AddressScope scope = scope_of(*at);
  WARREN_ASSERT(scope == AddressScope::kPublic || scope == AddressScope::kPrivate);
  WARREN_ASSERT(!at->is_link_local() && !at->is_loopback() && !at->is_unspecified());
}

void check_tried(const Situation& here, const std::vector<Multiaddr>& heard) {
  const bool neighbours = shares_outside(here, heard);
  const std::vector<Multiaddr> tried = to_try(here, heard);
  WARREN_ASSERT(tried.size() <= kTriedMax && tried.size() <= heard.size());
  std::map<IpAddress, std::size_t> far;
  std::map<IpAddress, std::size_t> near;
  for (const Multiaddr& address : tried) {
    check_form(address);
    WARREN_ASSERT(std::ranges::count(tried, address) == 1);
    for (const auto* own : {&here.ours.addresses, &here.ours.local})
      WARREN_ASSERT(std::ranges::find(*own, address) == own->end());
    const bool known = std::ranges::find(here.known, address) != here.known.end();
    WARREN_ASSERT(address.components()[1].port() >= 1024 || known);
    const IpAddress at = *ip_address_of(address);
    if (scope_of(at) == AddressScope::kPublic || here.private_networks) {
      ++far[at];
    } else {
      WARREN_ASSERT(neighbours && is_own_subnet(at));
      WARREN_ASSERT(++near[at] <= kTriedAtLocalIpMax);
    }
  }
  WARREN_ASSERT(far.size() <= kTriedPublicIpsMax && near.size() <= kTriedLocalIpsMax);
}

void check_told(const Situation& here, const std::vector<Multiaddr>& heard, bool many) {
  // What was heard serves as a prediction, too: told addresses keep to the rules whatever they come from.
  const Told told = to_tell(here, heard, heard, many);
  WARREN_ASSERT(told.addresses.size() <= (many ? kTriedMax : kToldToStockMax));
  const bool neighbours = shares_outside(here, heard);
  for (const Multiaddr& address : told.addresses) {
    check_form(address);
    const bool is_public = scope_of(*ip_address_of(address)) == AddressScope::kPublic;
    WARREN_ASSERT(is_public || here.private_networks || neighbours);
  }
  WARREN_ASSERT(encode({Message::Type::kConnect, told.addresses}).size() <= kMessageSizeMax);
}

}  // namespace
}  // namespace warren::dcutr

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace warren;
  using namespace warren::dcutr;
  if (size == 0) return 0;
  const auto message = decode(BytesView(data + 1, size - 1));
  if (!message) return 0;
  const Situation here = situation(data[0]);
  check_tried(here, message->addresses);
  check_told(here, message->addresses, (data[0] & 32) != 0);
  return 0;
}
