#include "warren/env/real/network.hpp"

#include <sys/socket.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "warren/env/real/error.hpp"
#include "warren/env/real/interfaces.hpp"
#include "warren/env/real/multicast.hpp"
#include "warren/env/real/tcp_stream.hpp"
#include "warren/env/real/udp_socket.hpp"

namespace warren::real {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

using ReusePort = asio::detail::socket_option::boolean<SOL_SOCKET, SO_REUSEPORT>;

// Pause after a failed accept(2) that will fail again at once (no descriptors left).
constexpr auto kAcceptPause = std::chrono::milliseconds(100);

class KernelTcpListener final : public TcpListener {
 public:
  KernelTcpListener(tcp::acceptor acceptor, Endpoint local) : acceptor_(std::move(acceptor)), local_(local) {}

  Task<std::unique_ptr<TcpStream>> accept() override {
    while (true) {
      if (!acceptor_.is_open()) throw_error(Errc::kClosed);
      auto done = co_await acceptor_.async_accept(asio::as_tuple(asio::use_awaitable));
      auto& [error, socket] = done;
      if (!error) {
        auto stream = KernelTcpStream::adopt(std::move(socket));
        if (stream) co_return std::move(*stream);
        continue;  // it is gone already
      }
      if (!acceptor_.is_open()) throw_error(Errc::kClosed);
      if (error == asio::error::operation_aborted) throw_translated(error, false);
      // A connection that died in the queue, or descriptors running out: later ones may succeed.
      asio::steady_timer pause(acceptor_.get_executor(), kAcceptPause);
      co_await pause.async_wait(asio::use_awaitable);
    }
  }

  Endpoint local_endpoint() const override { return local_; }

  void close() override {
    boost::system::error_code ignored;
    acceptor_.close(ignored);
  }

 private:
  tcp::acceptor acceptor_;
  Endpoint local_;
};

// SO_REUSEPORT is set only after bind() when listening, and before it when dialing: the kernel then lets our
// own dials share the listening port, while a second listener is told that the address is in use.
boost::system::error_code bind_listener(tcp::acceptor& acceptor, const tcp::endpoint& local) {
  boost::system::error_code error;
  acceptor.open(local.protocol(), error);
  if (!error && local.address().is_v6()) acceptor.set_option(asio::ip::v6_only(true), error);
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor.bind(local, error);
  if (!error) acceptor.set_option(ReusePort(true), error);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  return error;
}

boost::system::error_code bind_dialer(tcp::socket& socket, const tcp::endpoint& local) {
  boost::system::error_code error;
  socket.set_option(tcp::socket::reuse_address(true), error);
  if (!error) socket.set_option(ReusePort(true), error);
  if (!error) socket.bind(local, error);
  return error;
}

}  // namespace

Result<std::unique_ptr<TcpListener>> KernelNetwork::listen_tcp(Endpoint local) {
  tcp::acceptor acceptor(executor_);
  auto error = bind_listener(acceptor, to_asio(local));
  if (error == boost::system::errc::address_not_available) return fail(Errc::kAddressNotAvailable);
  if (error) return fail(translate(error));
  const auto bound = acceptor.local_endpoint(error);
  if (error) return fail(translate(error));
  return std::make_unique<KernelTcpListener>(std::move(acceptor), from_asio(bound));
}

Task<std::unique_ptr<TcpStream>> KernelNetwork::connect_tcp(Endpoint remote, std::optional<Endpoint> local) {
  const tcp::endpoint to = to_asio(remote);
  for (bool from_local = local.has_value();; from_local = false) {
    tcp::socket socket(executor_);
    boost::system::error_code opened;
    socket.open(to.protocol(), opened);
    if (opened) throw_translated(opened, false);
    // A port that can't be shared only costs the NAT mapping: go on with another.
    if (from_local && bind_dialer(socket, to_asio(*local))) continue;
    const auto done = co_await socket.async_connect(to, asio::as_tuple(asio::use_awaitable));
    const auto& [error] = done;
    // The same four numbers are in use, or were until a moment ago (TIME_WAIT).
    if (from_local &&
        (error == asio::error::address_in_use || error == boost::system::errc::address_not_available)) {
      continue;
    }
    if (error) throw_translated(error, false);
    auto stream = KernelTcpStream::adopt(std::move(socket));
    co_return value_or_throw(std::move(stream));
  }
}

Result<std::unique_ptr<DatagramSocket>> KernelNetwork::bind_udp(Endpoint local) {
  return KernelUdpSocket::open(executor_, local);
}

std::vector<IpAddress> KernelNetwork::interface_addresses() {
  return all_addresses();
}

std::vector<NetworkInterface> KernelNetwork::interfaces() {
  return all_interfaces();
}

Result<std::unique_ptr<DatagramSocket>> KernelNetwork::join_multicast(Endpoint group,
                                                                      const NetworkInterface& interface) {
  return real::join_multicast(executor_, group, interface);
}

}  // namespace warren::real
