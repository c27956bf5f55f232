#include "warren/core/address_reach.hpp"

namespace warren {

AddressScope distance_to(const Connection& connection) {
  const auto scope = scope_of(connection.remote_address());
  return scope && *scope != AddressScope::kUndialable ? *scope : AddressScope::kPublic;
}

bool is_usable(AddressScope address, AddressScope from) {
  switch (address) {
    case AddressScope::kPublic: return true;
    case AddressScope::kPrivate: return from != AddressScope::kPublic;
    case AddressScope::kLoopback: return from == AddressScope::kLoopback;
    case AddressScope::kUndialable: return false;
  }
  return false;
}

}  // namespace warren
