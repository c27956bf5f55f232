// A c-ares channel on the loop: watches the sockets that the library opens, and its timer. What is asked on
// it is the resolver's affair.
#pragma once

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <map>
#include <memory>

#include "warren/async/task.hpp"
#include "warren/env/real/resolver.hpp"

struct ares_channeldata;

namespace warren::real {

class AresChannel {
 public:
  // Reads the system's configuration, unless `options` name servers. Throws kIo when the library cannot
  // start, kBadAddress for a server that it does not take.
  AresChannel(Executor executor, const ResolverOptions& options);
  // Ends what is under way, which is answered by ARES_EDESTRUCTION. Not from within an answer.
  ~AresChannel();
  AresChannel(const AresChannel&) = delete;
  AresChannel& operator=(const AresChannel&) = delete;

  // For the library's functions; watch_timer() after each that asks something.
  ares_channeldata* get() { return channel_; }
  void watch_timer();

 private:
  struct Socket {
    explicit Socket(const Executor& executor) : descriptor(executor) {}
    boost::asio::posix::stream_descriptor descriptor;
    bool open = true;
    // What the library waits for, and what we wait for on its behalf.
    bool wants_read = false, wants_write = false;
    bool awaits_read = false, awaits_write = false;
  };
  using SocketPtr = std::shared_ptr<Socket>;

  void on_socket(int fd, bool readable, bool writable);
  void await(const SocketPtr& socket);
  void process(int readable, int writable);

  Executor executor_;
  ares_channeldata* channel_ = nullptr;
  std::map<int, SocketPtr> sockets_;
  boost::asio::steady_timer timer_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // an expired timer's handler outlives us
};

}  // namespace warren::real
