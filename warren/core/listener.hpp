// Where a transport waits for others.
#pragma once

#include "warren/multiformats/multiaddr.hpp"

namespace warren {

class Listener {
 public:
  // Stops listening.
  virtual ~Listener() = default;

  // The address that is listened on, with its real port; the host part may be unspecified (0.0.0.0).
  virtual const Multiaddr& address() const = 0;
  virtual void close() = 0;
};

}  // namespace warren
