// Hands datagrams to a socket: up to 64 with one call, which the kernel takes apart (UDP_SEGMENT) or, where
// it can't, gets in one list.
#pragma once

#include "warren/env/datagram_socket.hpp"

namespace warren::real {

// What DatagramSocket::send() was called with, and how far it got.
struct Outgoing {
  IpAddress local;
  Endpoint remote;
  BytesView rest;
  std::size_t segment_size;
  Ecn ecn;

  // Leaves out the first datagram.
  void skip();
};

class UdpSender {
 public:
  // `segments`: whether to try UDP_SEGMENT. When it fails it is not tried again.
  explicit UdpSender(bool segments) : segments_(segments) {}

  // Sends some of `out`, without waiting, and moves `out.rest` behind it. Returns errno's value; unless it is
  // 0 nothing was sent. An empty `out.rest` is one empty datagram.
  int send(int descriptor, Outgoing& out);

  bool segments() const { return segments_; }

 private:
  bool segments_;
};

}  // namespace warren::real
