// Two TUN devices and a wire each way between them, as one loop over epoll: a packet that the kernel sends
// into one device comes out of the other when its wire says so. Between a device and its wires there may be a
// router: then this end's host is behind it.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "test/net/gateway.hpp"
#include "test/net/tun.hpp"
#include "test/net/wire.hpp"

namespace warren::net {

struct End {
  std::string name;  // "a" in "a->b"
  Tun tun;
  Gateway gateway;
};

class Line {
 public:
  // Works until run() is told to end; `seed` decides who has bad luck.
  Line(End first, End second, std::uint64_t seed);
  Line(const Line&) = delete;
  Line& operator=(const Line&) = delete;
  ~Line();

  // Moves packets, and answers each line that comes on `commands` with one on standard output. Ends with 0
  // when `commands` does, with 1 when a device is gone.
  //
  //   set a->b|b->a|both NAME VALUE...   changes what a wire does to packets (quantities.hpp)
  //   down, up                           both wires are cut, or whole again
  //   nat a|b WORDS...                   changes the router at that end (gateway.hpp)
  //   stats                              a JSON object: counters of each wire, and under "nat" of each router
  int run(int commands);

 private:
  struct Direction {
    End* from;
    End* to;
    std::string name;
    Wire wire;
    std::uint64_t refused = 0;  // arrived, but the device was down
  };

  void watch(int descriptor, std::uint32_t events);
  Direction& other(const Direction& direction);
  void take_packets(Direction& direction);
  void take_packet(Direction& direction, MutableBytes packet);
  void deliver(Direction& direction);
  void set_timer();
  // False when no more commands come.
  bool take_commands(int commands);
  std::string answer(const std::string& command);
  std::string set(std::string_view which, std::string_view what);
  std::string change_router(std::string_view which, std::string_view what);
  std::string stats();

  End first_;
  End second_;
  std::array<Direction, 2> directions_;
  int epoll_;
  int timer_;
  Instant last_delivery_{};
  Instant timer_at_{};  // what the timer is set to; the epoch: to nothing
  Bytes buffer_;
  std::string unfinished_;  // a command whose line end has not come
};

}  // namespace warren::net
