// Which addresses of peers a DHT takes from others and tells them. The same rule both ways: who is far away
// has no use for addresses that lead to something else, or to nothing, where he is.
#pragma once

#include <vector>

#include "warren/core/address_reach.hpp"
#include "warren/protocols/kad/kad.hpp"

namespace warren::kad {

// Those that may be told to, or taken from, a peer so far away (distance_to):
// - kAll: public ones and names always; private ones unless the peer is on a public address; loopback ones
//   if it is on this machine;
// - kPublic: public ones and names, whoever it is;
// - kLan: as kAll, but nothing at all of a peer that has no private address (or, on this machine, loopback).
std::vector<Multiaddr> allowed(AddressFilter filter, AddressScope peer, std::vector<Multiaddr> addresses);

}  // namespace warren::kad
