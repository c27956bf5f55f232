// The network, as a seam: the kernel's, or a simulated world's.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "warren/env/byte_stream.hpp"
#include "warren/env/datagram_socket.hpp"
#include "warren/env/endpoint.hpp"

namespace warren {

// A connected TCP socket. close_write() is a FIN; reset() and destruction close it.
class TcpStream : public ByteStream {
 public:
  virtual Endpoint local_endpoint() const = 0;
  virtual Endpoint remote_endpoint() const = 0;
};

class TcpListener {
 public:
  // Closes the socket.
  virtual ~TcpListener() = default;

  // The next connection. Throws kClosed after close(). Cancelable.
  virtual Task<std::unique_ptr<TcpStream>> accept() = 0;
  virtual Endpoint local_endpoint() const = 0;
  virtual void close() = 0;
};

// A network card, as far as it is up.
struct NetworkInterface {
  std::string name;         // "eth0"
  std::uint32_t index = 0;  // the kernel's number, never 0
  bool multicast = false;   // multicasts reach others through it; the loopback one says no
  std::vector<IpAddress> addresses;
};

class Network {
 public:
  virtual ~Network() = default;

  // Port 0 asks for a free one. The port can be shared with outgoing connections (SO_REUSEADDR and
  // SO_REUSEPORT), but not with another program's listener. IPv6 sockets take IPv6 only. kAddressInUse;
  // kAddressNotAvailable when the address is not this machine's; kIo...
  virtual Result<std::unique_ptr<TcpListener>> listen_tcp(Endpoint local) = 0;

  // Connects, from `local` when given: dialing from the listening port keeps one NAT mapping for both, which
  // is what TCP hole punching needs. If that very pair of endpoints is in use the system's choice of port is
  // taken instead. Throws kRefused, kUnreachable, kTimedOut or kIo. Cancelable.
  virtual Task<std::unique_ptr<TcpStream>> connect_tcp(Endpoint remote, std::optional<Endpoint> local) = 0;

  // Port 0 asks for a free one. IPv6 sockets take IPv6 only. Datagrams are never fragmented (path MTU
  // discovery is the caller's). kAddressInUse, kAddressNotAvailable, kIo.
  virtual Result<std::unique_ptr<DatagramSocket>> bind_udp(Endpoint local) = 0;

  // This machine's own addresses, loopback and link-local ones included.
  virtual std::vector<IpAddress> interface_addresses() = 0;

  // The same by interface, in the kernel's order.
  virtual std::vector<NetworkInterface> interfaces() = 0;

  // A socket at the group's port that hears what is sent to the group on this interface alone, and whose
  // datagrams leave by it, with a TTL of 255, and reach this machine's other members too. Many sockets may
  // share the port. send() takes the group or one host, and an unspecified `local`. kAddressNotAvailable: the
  // interface is gone, or has no address of the group's family; kUnsupported, kIo.
  virtual Result<std::unique_ptr<DatagramSocket>> join_multicast(Endpoint group,
                                                                 const NetworkInterface& interface) = 0;

  // Waits until this machine's links, addresses or routes have changed since the last call ended, or since
  // this one began if it is the first. Throws kUnsupported where the system does not tell. One at a time;
  // cancelable.
  virtual Task<void> wait_for_change() = 0;
};

}  // namespace warren
