#include "warren/env/real/udp_receiver.hpp"

#include <sys/mman.h>

#include <cerrno>
#include <new>

#include "warren/env/real/udp_message.hpp"

namespace warren::real {

namespace {

// Messages a call. More would save little and leave the processor's cache: 32 of the largest are 2 MiB.
constexpr std::size_t kMessages = 32;
// No message is larger, put together or not. Pages that nothing is written to cost nothing.
constexpr std::size_t kMessageMax = 64 * 1024;

// Not from the heap, which would keep it.
class Pages {
 public:
  explicit Pages(std::size_t size) : size_(size) {
    start_ = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (start_ == MAP_FAILED) throw std::bad_alloc();
  }
  ~Pages() { munmap(start_, size_); }
  Pages(const Pages&) = delete;
  Pages& operator=(const Pages&) = delete;

  std::uint8_t* data() const { return static_cast<std::uint8_t*>(start_); }

 private:
  void* start_;
  std::size_t size_;
};

}  // namespace

struct UdpReceiver::Buffers {
  Buffers();

  // The kernel overwrites the sizes.
  void prepare();

  Pages payloads{kMessages * kMessageMax};
  std::array<mmsghdr, kMessages> messages{};
  std::array<iovec, kMessages> parts;
  std::array<SocketAddress, kMessages> addresses;
  std::array<ControlBuffer, kMessages> controls;
};

UdpReceiver::Buffers::Buffers() {
  for (std::size_t i = 0; i < kMessages; ++i) {
    parts[i] = {payloads.data() + i * kMessageMax, kMessageMax};
    msghdr& message = messages[i].msg_hdr;
    message.msg_iov = &parts[i];
    message.msg_iovlen = 1;
    message.msg_name = &addresses[i];
    message.msg_control = controls[i].bytes.data();
  }
}

void UdpReceiver::Buffers::prepare() {
  for (std::size_t i = 0; i < kMessages; ++i) {
    messages[i].msg_hdr.msg_namelen = sizeof addresses[i];
    messages[i].msg_hdr.msg_controllen = controls[i].bytes.size();
  }
}

UdpReceiver::UdpReceiver() = default;
UdpReceiver::~UdpReceiver() = default;

int UdpReceiver::read(int descriptor) {
  datagrams_.clear();
  if (!buffers_) buffers_ = std::make_unique<Buffers>();
  buffers_->prepare();
  const int count = recvmmsg(descriptor, buffers_->messages.data(), kMessages, MSG_DONTWAIT, nullptr);
  if (count < 0) return errno;

  for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
    msghdr& message = buffers_->messages[i].msg_hdr;
    const Control control = read_control(message);
    const Endpoint from = read_address(buffers_->addresses[i]);
    BytesView rest(buffers_->payloads.data() + i * kMessageMax, buffers_->messages[i].msg_len);
    do {
      const std::size_t size =
          control.segment_size == 0 ? rest.size() : std::min(control.segment_size, rest.size());
      datagrams_.push_back({from, control.local, rest.first(size), control.ecn});
      rest = rest.subspan(size);
    } while (!rest.empty());
  }
  return 0;
}

void UdpReceiver::release() {
  buffers_.reset();
  datagrams_ = {};
}

}  // namespace warren::real
