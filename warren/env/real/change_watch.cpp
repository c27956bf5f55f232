#include "warren/env/real/change_watch.hpp"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>

#include "warren/base/error.hpp"
#include "warren/env/real/error.hpp"

namespace warren::real {

namespace asio = boost::asio;

namespace {

constexpr unsigned kGroups =
    RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR | RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE;

int open_netlink() {
  const int descriptor = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
  if (descriptor < 0) throw_error(Errc::kUnsupported);
  return descriptor;
}

}  // namespace

struct ChangeWatch::Socket {
  explicit Socket(const Executor& executor) : descriptor(executor, open_netlink()) {
    sockaddr_nl address{};
    address.nl_family = AF_NETLINK;
    address.nl_groups = kGroups;
    const auto* where = reinterpret_cast<const sockaddr*>(&address);
    if (bind(descriptor.native_handle(), where, sizeof address) != 0) throw_error(Errc::kUnsupported);
  }

  // What the messages say does not matter: who is told looks for itself. Whether there were any, or so many
  // that some are lost.
  bool drain() {
    std::array<std::uint8_t, 8192> buffer;
    bool any = false;
    while (true) {
      const ssize_t size = recv(descriptor.native_handle(), buffer.data(), buffer.size(), 0);
      if (size < 0 && errno != ENOBUFS && errno != EINTR) return any;
      any = true;
    }
  }

  asio::posix::stream_descriptor descriptor;
};

ChangeWatch::ChangeWatch() = default;
ChangeWatch::~ChangeWatch() = default;

Task<void> ChangeWatch::wait(Executor executor) {
  if (!socket_) socket_ = std::make_unique<Socket>(executor);
  while (!socket_->drain()) {
    const auto done = co_await socket_->descriptor.async_wait(asio::posix::stream_descriptor::wait_read,
                                                              asio::as_tuple(asio::use_awaitable));
    const auto& [error] = done;
    if (error) throw_translated(error, false);
  }
}

}  // namespace warren::real
