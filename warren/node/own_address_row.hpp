// One of this node's own addresses, as `warren addrs` shows it.
#pragma once

#include <string>

#include "warren/async/task.hpp"
#include "warren/protocols/autonat/reachability.hpp"

namespace warren {

struct OwnAddressRow {
  autonat::OwnAddress own;
  bool relayed = false;    // a circuit: `own` has only the address, and when the reservation expires
  bool announced = false;  // others are told of it
};

}  // namespace warren
