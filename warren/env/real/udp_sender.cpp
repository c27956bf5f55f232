#include "warren/env/real/udp_sender.hpp"

#include <algorithm>
#include <cerrno>

#include "warren/env/real/udp_message.hpp"

namespace warren::real {

namespace {

// UDP_MAX_SEGMENTS of Linux before 6.9, which later ones exceed.
constexpr std::size_t kSegmentsMax = 64;
// What an IPv4 packet has room for beside its header and UDP's.
constexpr std::size_t kPayloadMax = 65535 - 20 - 8;
// Of a list of single datagrams; what it costs to prepare is lost when the socket has room for fewer.
constexpr std::size_t kListMax = 32;

// A message without a payload yet, and what it points to.
struct Header {
  Header(const Outgoing& out, std::size_t segment_size) {
    message.msg_name = &address;
    message.msg_namelen = write_address(out.remote, address);
    write_control(message, control, {out.local, out.ecn, segment_size}, out.remote.address.is_v4());
  }
  Header(const Header&) = delete;
  Header& operator=(const Header&) = delete;

  SocketAddress address;
  ControlBuffer control;
  msghdr message{};
};

iovec part_of(BytesView bytes) {
  return {const_cast<std::uint8_t*>(bytes.data()), bytes.size()};  // sendmsg does not write
}

int send_segments(int descriptor, Outgoing& out, std::size_t count) {
  Header header(out, out.segment_size);
  iovec part = part_of(out.rest.first(std::min(out.rest.size(), count * out.segment_size)));
  header.message.msg_iov = &part;
  header.message.msg_iovlen = 1;
  if (sendmsg(descriptor, &header.message, MSG_DONTWAIT) < 0) return errno;
  out.rest = out.rest.subspan(part.iov_len);
  return 0;
}

int send_list(int descriptor, Outgoing& out) {
  Header header(out, 0);
  std::array<iovec, kListMax> parts;
  std::array<mmsghdr, kListMax> messages;
  unsigned count = 0;
  BytesView rest = out.rest;
  do {
    parts[count] = part_of(rest.first(std::min(rest.size(), out.segment_size)));
    messages[count].msg_hdr = header.message;
    messages[count].msg_hdr.msg_iov = &parts[count];
    messages[count].msg_hdr.msg_iovlen = 1;
    rest = rest.subspan(parts[count].iov_len);
    ++count;
  } while (!rest.empty() && count < kListMax);

  const int sent = sendmmsg(descriptor, messages.data(), count, MSG_DONTWAIT);
  if (sent < 0) return errno;
  for (int i = 0; i < sent; ++i) out.skip();
  return 0;
}

}  // namespace

void Outgoing::skip() {
  rest = rest.subspan(std::min(rest.size(), segment_size));
}

int UdpSender::send(int descriptor, Outgoing& out) {
  const std::size_t count = std::min(kSegmentsMax, kPayloadMax / std::max<std::size_t>(out.segment_size, 1));
  if (!segments_ || count < 2 || out.rest.size() <= out.segment_size) return send_list(descriptor, out);

  const int error = send_segments(descriptor, out, count);
  // The network device, or the way to it, can't do it. But EINVAL also means that a segment is larger than
  // the link takes: then single datagrams fail, too.
  if (error != EIO && error != EINVAL && error != ENOPROTOOPT && error != EOPNOTSUPP) return error;
  const int alone = send_list(descriptor, out);
  if (alone == 0) segments_ = false;
  return alone;
}

}  // namespace warren::real
