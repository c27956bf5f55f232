// The ways by which a node reaches others, and the one for an address.
#pragma once

#include <algorithm>
#include <vector>

#include "warren/core/muxed_transport.hpp"
#include "warren/core/transport.hpp"

namespace warren {

struct Transports {
  // They outlive whoever uses this.
  std::vector<Transport*> pipes;
  std::vector<MuxedTransport*> muxed = {};

  // Null when the address is for none of them.
  Transport* pipe_for(const Multiaddr& address) const { return handler_of(pipes, address); }
  MuxedTransport* muxed_for(const Multiaddr& address) const { return handler_of(muxed, address); }
  bool handle(const Multiaddr& address) const {
    return pipe_for(address) != nullptr || muxed_for(address) != nullptr;
  }

 private:
  template <class T>
  static T* handler_of(const std::vector<T*>& transports, const Multiaddr& address) {
    const auto found = std::ranges::find_if(transports, [&](T* t) { return t->handles(address); });
    return found == transports.end() ? nullptr : *found;
  }
};

}  // namespace warren
