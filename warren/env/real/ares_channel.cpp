#define CARES_NO_DEPRECATED  // later versions have other functions for some of what Debian 12's has

#include "warren/env/real/ares_channel.hpp"

#include <ares.h>
#include <sys/time.h>

#include <algorithm>
#include <utility>

#include "warren/base/error.hpp"

namespace warren::real {

namespace asio = boost::asio;

namespace {

// Larger answers than 512 bytes without TCP, but none that would be fragmented (DNS flag day 2020).
constexpr int kUdpSizeMax = 1232;

// The library wants it once a process, before its first use.
int start_library() {
  static const int status = ares_library_init(ARES_LIB_INIT_ALL);
  return status;
}

std::string comma_separated(const std::vector<Endpoint>& servers) {
  std::string text;
  for (const Endpoint& server : servers) text += (text.empty() ? "" : ",") + server.to_string();
  return text;
}

}  // namespace

AresChannel::AresChannel(Executor executor, const ResolverOptions& options)
    : executor_(std::move(executor)), timer_(executor_) {
  ares_options settings{};
  int mask = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_EDNSPSZ | ARES_OPT_SOCK_STATE_CB;
  settings.flags = ARES_FLAG_EDNS;
  settings.timeout = static_cast<int>(std::max<Duration::rep>(options.timeout / 1ms, 1));
  settings.tries = options.tries;
  settings.ednspsz = kUdpSizeMax;
  settings.sock_state_cb = [](void* self, ares_socket_t fd, int readable, int writable) {
    static_cast<AresChannel*>(self)->on_socket(fd, readable != 0, writable != 0);
  };
  settings.sock_state_cb_data = this;
  std::string only_dns = "b";
  if (!options.servers.empty()) {
    settings.flags |= ARES_FLAG_NOSEARCH;
    settings.lookups = only_dns.data();
    mask |= ARES_OPT_LOOKUPS;
  }
  if (start_library() != ARES_SUCCESS || ares_init_options(&channel_, &settings, mask) != ARES_SUCCESS)
    throw_error(Errc::kIo, "c-ares");
  if (options.servers.empty()) return;
  if (ares_set_servers_ports_csv(channel_, comma_separated(options.servers).c_str()) != ARES_SUCCESS) {
    ares_destroy(channel_);
    throw_error(Errc::kBadAddress, "DNS servers");
  }
}

AresChannel::~AresChannel() {
  *alive_ = false;
  ares_destroy(channel_);
  // The library has told that each socket closes; this is for the day it forgets one.
  for (const auto& [fd, socket] : sockets_) {
    socket->open = false;
    socket->descriptor.release();
  }
}

void AresChannel::on_socket(int fd, bool readable, bool writable) {
  const auto found = sockets_.find(fd);
  if (!readable && !writable) {
    if (found == sockets_.end()) return;
    found->second->open = false;
    found->second->descriptor.release();  // the library closes it
    sockets_.erase(found);
    return;
  }
  SocketPtr socket = found == sockets_.end() ? nullptr : found->second;
  if (!socket) {
    socket = std::make_shared<Socket>(executor_);
    boost::system::error_code error;
    socket->descriptor.assign(fd, error);
    if (error) return;  // not watched: the query times out
    sockets_.emplace(fd, socket);
  }
  socket->wants_read = readable;
  socket->wants_write = writable;
  await(socket);
}

void AresChannel::await(const SocketPtr& socket) {
  if (socket->wants_read && !socket->awaits_read) {
    socket->awaits_read = true;
    socket->descriptor.async_wait(asio::posix::descriptor_base::wait_read, [this, socket](const auto& error) {
      socket->awaits_read = false;
      if (error || !socket->open) return;  // then `this` may be gone
      if (socket->wants_read) process(socket->descriptor.native_handle(), ARES_SOCKET_BAD);
      if (socket->open) await(socket);
    });
  }
  if (socket->wants_write && !socket->awaits_write) {
    socket->awaits_write = true;
    socket->descriptor.async_wait(asio::posix::descriptor_base::wait_write,
                                  [this, socket](const auto& error) {
                                    socket->awaits_write = false;
                                    if (error || !socket->open) return;
                                    if (socket->wants_write)
                                      process(ARES_SOCKET_BAD, socket->descriptor.native_handle());
                                    if (socket->open) await(socket);
                                  });
  }
}

void AresChannel::process(int readable, int writable) {
  ares_process_fd(channel_, readable, writable);
  watch_timer();
}

void AresChannel::watch_timer() {
  timeval buffer{};
  const timeval* left = ares_timeout(channel_, nullptr, &buffer);
  if (left == nullptr) {
    timer_.cancel();
    return;
  }
  // One millisecond more, so that the library's own clock agrees.
  timer_.expires_after(std::chrono::seconds(left->tv_sec) + std::chrono::microseconds(left->tv_usec) + 1ms);
  timer_.async_wait([this, alive = alive_](const auto& error) {
    if (!error && *alive) process(ARES_SOCKET_BAD, ARES_SOCKET_BAD);
  });
}

}  // namespace warren::real
