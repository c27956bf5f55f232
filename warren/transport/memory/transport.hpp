// Memory: /memory/<number>, for nodes in one process. Raw pipes like TCP's, so the upgrader secures and
// multiplexes them all the same; nothing leaves the process.
#pragma once

#include <deque>

#include "warren/async/event.hpp"
#include "warren/core/transport.hpp"
#include "warren/transport/memory/hub.hpp"

namespace warren::memory {

// kBadAddress for anything but exactly /memory/<number>.
Result<std::uint64_t> number_of(const Multiaddr& address);
Multiaddr multiaddr_of(std::uint64_t number);

class MemoryTransport final : public Transport {
 public:
  // `hub` outlives the transport and its listeners.
  explicit MemoryTransport(Hub& hub) : hub_(hub) {}

  bool handles(const Multiaddr& address) const override { return number_of(address).has_value(); }

  // Throws kRefused when nobody listens there, or too many dials wait for accept().
  Task<RawConnection> dial(Multiaddr address) override;

  // /memory/0 asks for a free number.
  Result<std::unique_ptr<TransportListener>> listen(const Multiaddr& address) override;

 private:
  Hub& hub_;
};

class MemoryListener final : public TransportListener {
 public:
  explicit MemoryListener(Hub& hub) : hub_(hub) {}
  ~MemoryListener() override { close(); }

  // Takes its place in the hub; before anything else.
  Result<> open(std::uint64_t number);

  // False when the queue is full; the connection is dropped then.
  bool offer(RawConnection connection);

  Task<RawConnection> accept() override;
  const Multiaddr& address() const override { return address_; }
  void close() override;

 private:
  Hub& hub_;
  Multiaddr address_;
  std::uint64_t number_ = 0;
  bool open_ = false;
  std::deque<RawConnection> waiting_;
  Event changed_;
};

}  // namespace warren::memory
