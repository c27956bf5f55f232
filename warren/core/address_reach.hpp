// Which of a peer's addresses are of use to whom: one's own machine is of use to who is on it, a private
// network to who is in it.
#pragma once

#include "warren/core/address_scope.hpp"
#include "warren/core/connection.hpp"

namespace warren {

// How near the other end of the connection is: kLoopback, on this machine; kPrivate, in a network of ours;
// kPublic, anywhere else, or where it does not show.
AddressScope distance_to(const Connection& connection);

// Whether an address of this scope can be dialed from that distance.
bool is_usable(AddressScope address, AddressScope from);

}  // namespace warren
