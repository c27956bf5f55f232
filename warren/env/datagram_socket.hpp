// A UDP socket, in batches: at gigabits a second a system call a datagram is what costs most.
#pragma once

#include <span>

#include "warren/async/task.hpp"
#include "warren/env/endpoint.hpp"

namespace warren {

// Explicit congestion notification, as in the IP header (RFC 3168).
enum class Ecn : std::uint8_t { kNotCapable = 0, kCapable1 = 1, kCapable0 = 2, kCongested = 3 };

struct Datagram {
  Endpoint from;
  IpAddress to;       // which of this machine's addresses it was sent to
  BytesView payload;  // valid until the next receive()
  Ecn ecn = Ecn::kNotCapable;
};

class DatagramSocket {
 public:
  // Closes the socket.
  virtual ~DatagramSocket() = default;

  // Waits until there are some, and returns those that are there, in the order they came. Throws kClosed
  // after close(), kIo. Cancelable; one receiver at a time.
  virtual Task<std::span<const Datagram>> receive() = 0;

  // Sends `payload` as datagrams of `segment_size` bytes, the last of which may be smaller, from `local` when
  // it is one of this machine's addresses (0.0.0.0 or :: leave that to the routes). Waits while the system
  // has no room. What can't be delivered is lost without a word, but kTooLarge tells that a datagram is
  // larger than the path's link takes, and kUnreachable that there is no route. One sender at a time;
  // cancelable.
  virtual Task<void> send(IpAddress local, Endpoint remote, BytesView payload, std::size_t segment_size,
                          Ecn ecn) = 0;

  // Datagrams from now on cross at most so many routers (TTL, hop limit), until it is set again. kIo.
  virtual Result<> set_hop_limit(std::uint8_t hops) = 0;

  virtual Endpoint local_endpoint() const = 0;
  virtual void close() = 0;
};

}  // namespace warren
