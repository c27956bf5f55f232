#include "warren/env/real/udp_socket.hpp"

#include <netinet/udp.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>

#include "warren/base/assert.hpp"
#include "warren/env/real/error.hpp"
#include "warren/env/real/udp_message.hpp"
#include "warren/env/real/udp_receiver.hpp"

namespace warren::real {

namespace asio = boost::asio;
using asio::ip::udp;

namespace {

// 4 ms of 10 Gbit/s, each datagram counted with the kernel's own overhead. Bursts that do not fit are lost.
constexpr int kReceiveBuffer = 4 * 1024 * 1024;
constexpr int kSendBuffer = 2 * 1024 * 1024;

bool set(int descriptor, int level, int name, int value) {
  return setsockopt(descriptor, level, name, &value, sizeof value) == 0;
}

// Beyond the system's limit where we may (CAP_NET_ADMIN), up to it elsewhere.
void set_buffers(int descriptor) {
  if (!set(descriptor, SOL_SOCKET, SO_RCVBUFFORCE, kReceiveBuffer)) {
    set(descriptor, SOL_SOCKET, SO_RCVBUF, kReceiveBuffer);
  }
  if (!set(descriptor, SOL_SOCKET, SO_SNDBUFFORCE, kSendBuffer)) {
    set(descriptor, SOL_SOCKET, SO_SNDBUF, kSendBuffer);
  }
}

bool set_ip_options(int descriptor, bool v4) {
  // PROBE: what is larger than the link's MTU is refused, and what the kernel believes about paths is
  // ignored, because anybody could have told it.
  if (v4) {
    set(descriptor, IPPROTO_IP, IP_RECVTOS, 1);
    return set(descriptor, IPPROTO_IP, IP_PKTINFO, 1) &&
           set(descriptor, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_PROBE);
  }
  set(descriptor, IPPROTO_IPV6, IPV6_RECVTCLASS, 1);
  return set(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, 1) &&
         set(descriptor, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1) &&
         set(descriptor, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_PROBE);
}

Result<Endpoint> bind_socket(int descriptor, const Endpoint& local) {
  SocketAddress address;
  socklen_t size = write_address(local, address);
  if (bind(descriptor, &address.any, size) != 0) {
    if (errno == EADDRINUSE) return fail(Errc::kAddressInUse);
    return fail(errno == EADDRNOTAVAIL ? Errc::kAddressNotAvailable : Errc::kIo);
  }
  if (getsockname(descriptor, &address.any, &size) != 0) return fail(Errc::kIo);
  return read_address(address);
}

// One datagram did not get through, as any may not. Errors of earlier ones count as this, too.
bool is_loss(int error) {
  return error == ENOBUFS || error == ENOMEM || error == EPERM || error == ECONNREFUSED || error == EHOSTDOWN;
}

[[noreturn]] void throw_errno(int error) {
  switch (error) {
    case EMSGSIZE: throw_error(Errc::kTooLarge);
    case EBADF: throw_error(Errc::kClosed);
    case ENETUNREACH:
    case EHOSTUNREACH:
    case ENETDOWN:
    case EACCES:         // broadcast, or a route that prohibits it
    case EADDRNOTAVAIL:  // no such local address; also EINVAL
    case EAFNOSUPPORT:
    case EINVAL: throw_error(Errc::kUnreachable);
    default: throw_error(Errc::kIo, std::generic_category().message(error));
  }
}

}  // namespace

// The receiver, and the timer that takes its memory away. While datagrams come, the timer goes off once in a
// while and finds that it was used: starting it anew for each batch would cost more.
struct KernelUdpSocket::Receiving {
  Receiving(const asio::any_io_executor& executor, Duration idle_after)
      : timer(executor), idle_after(idle_after) {}

  static void start_timer(const std::shared_ptr<Receiving>& self) {
    self->timing = true;
    self->used = false;
    self->timer.expires_after(self->idle_after);
    self->timer.async_wait([weak = std::weak_ptr(self)](const boost::system::error_code&) {
      const auto receiving = weak.lock();
      if (!receiving || receiving->closed) return;
      receiving->timing = false;
      // While nobody waits, somebody reads what was received.
      const bool idle = receiving->waiting && !receiving->used;
      if (idle) return receiving->receiver.release();
      start_timer(receiving);
    });
  }

  UdpReceiver receiver;
  asio::steady_timer timer;
  Duration idle_after;
  bool waiting = false;
  bool used = false;  // since the timer was started
  bool timing = false;
  bool closed = false;
};

Result<std::unique_ptr<KernelUdpSocket>> KernelUdpSocket::open(const Executor& executor, Endpoint local,
                                                               UdpOptions options) {
  const bool v4 = local.address.is_v4();
  udp::socket socket(executor);
  boost::system::error_code error;
  socket.open(v4 ? udp::v4() : udp::v6(), error);
  if (!error) socket.native_non_blocking(true, error);
  if (error) return fail(translate(error));

  const int descriptor = socket.native_handle();
  if (!set_ip_options(descriptor, v4)) return fail(Errc::kIo);
  set_buffers(descriptor);
  // Zero leaves the option off, and fails where there is none.
  options.segmentation = options.segmentation && set(descriptor, IPPROTO_UDP, UDP_SEGMENT, 0);
  if (options.coalescing) set(descriptor, IPPROTO_UDP, UDP_GRO, 1);
  const auto bound = bind_socket(descriptor, local);
  if (!bound) return fail(bound.error());
  return adopt(std::move(socket), *bound, options);
}

std::unique_ptr<KernelUdpSocket> KernelUdpSocket::adopt(udp::socket socket, Endpoint local,
                                                        UdpOptions options) {
  return std::unique_ptr<KernelUdpSocket>(new KernelUdpSocket(std::move(socket), local, options));
}

KernelUdpSocket::KernelUdpSocket(udp::socket socket, Endpoint local, UdpOptions options)
    : socket_(std::move(socket)),
      local_(local),
      sender_(options.segmentation),
      receiving_(std::make_shared<Receiving>(socket_.get_executor(), options.idle_after)) {}

KernelUdpSocket::~KernelUdpSocket() = default;

bool KernelUdpSocket::has_receive_memory() const {
  return receiving_->receiver.has_memory();
}

// Throws kClosed when the socket is closed, before or meanwhile.
Task<void> KernelUdpSocket::wait_for(asio::socket_base::wait_type what) {
  if (!socket_.is_open()) throw_error(Errc::kClosed);
  const auto done = co_await socket_.async_wait(what, asio::as_tuple(asio::use_awaitable));
  const auto& [error] = done;
  if (!socket_.is_open()) throw_error(Errc::kClosed);
  if (error) throw_translated(error, false);
}

Task<std::span<const Datagram>> KernelUdpSocket::receive() {
  // Waiting comes first even when there may be more at once: it takes a turn of the loop, so a flood of
  // datagrams leaves room for everything else.
  for (;;) {
    receiving_->waiting = true;
    co_await wait_for(udp::socket::wait_read);
    receiving_->waiting = false;
    const int error = receiving_->receiver.read(socket_.native_handle());
    receiving_->used = true;
    if (!receiving_->timing) Receiving::start_timer(receiving_);
    if (error == 0) co_return receiving_->receiver.datagrams();
    const bool spurious = error == EAGAIN || error == EINTR || is_loss(error);
    if (spurious || error == EHOSTUNREACH || error == ENETUNREACH || error == EMSGSIZE) continue;
    throw_errno(error);
  }
}

Task<void> KernelUdpSocket::send(IpAddress local, Endpoint remote, BytesView payload,
                                 std::size_t segment_size, Ecn ecn) {
  WARREN_ASSERT(segment_size > 0 || payload.empty());
  if (remote.address.is_v4() != local_.address.is_v4()) throw_error(Errc::kUnreachable);
  Outgoing out{local, remote, payload, segment_size, ecn};
  for (;;) {
    if (!socket_.is_open()) throw_error(Errc::kClosed);
    const int error = sender_.send(socket_.native_handle(), out);
    if (error == EAGAIN) {
      co_await wait_for(udp::socket::wait_write);
      continue;
    }
    if (error == EINTR) continue;
    if (is_loss(error)) {
      out.skip();
    } else if (error != 0) {
      throw_errno(error);
    }
    if (out.rest.empty()) co_return;
  }
}

Result<> KernelUdpSocket::set_hop_limit(std::uint8_t hops) {
  const bool v4 = local_.address.is_v4();
  const bool done = v4 ? set(socket_.native_handle(), IPPROTO_IP, IP_TTL, hops)
                       : set(socket_.native_handle(), IPPROTO_IPV6, IPV6_UNICAST_HOPS, hops);
  if (!done) return fail(Errc::kIo);
  return {};
}

void KernelUdpSocket::close() {
  boost::system::error_code ignored;
  socket_.close(ignored);
  receiving_->closed = true;
  receiving_->timer.cancel();
}

}  // namespace warren::real
