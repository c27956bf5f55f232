#include "test/net/tun.hpp"

#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace warren::net {

namespace {

std::unexpected<std::error_code> last_error() {
  return std::unexpected(std::error_code(errno, std::system_category()));
}

// While it lives, what this thread opens belongs to another namespace.
class Inside {
 public:
  explicit Inside(const std::string& name)
      : home_(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)),
        there_(::open(("/run/netns/" + name).c_str(), O_RDONLY | O_CLOEXEC)),
        entered_(home_ >= 0 && there_ >= 0 && ::setns(there_, CLONE_NEWNET) == 0) {}
  Inside(const Inside&) = delete;
  Inside& operator=(const Inside&) = delete;
  ~Inside() {
    if (entered_ && ::setns(home_, CLONE_NEWNET) != 0) ::abort();
    if (home_ >= 0) ::close(home_);
    if (there_ >= 0) ::close(there_);
  }
  bool entered() const { return entered_; }

 private:
  int home_;
  int there_;
  bool entered_;
};

}  // namespace

Result<Tun> Tun::make(const std::string& network_namespace, const std::string& device) {
  const Inside inside(network_namespace);
  if (!inside.entered()) return last_error();
  Tun tun(::open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC));
  if (tun.descriptor_ < 0) return last_error();
  ifreq request{};
  if (device.empty() || device.size() >= sizeof request.ifr_name) {
    errno = ENAMETOOLONG;
    return last_error();
  }
  std::memcpy(request.ifr_name, device.data(), device.size());
  request.ifr_flags = static_cast<short>(IFF_TUN | IFF_NO_PI | IFF_TUN_EXCL);
  if (::ioctl(tun.descriptor_, TUNSETIFF, &request) != 0) return last_error();
  return tun;
}

Tun::~Tun() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

std::optional<std::size_t> Tun::read(MutableBytes buffer) {
  const ssize_t size = ::read(descriptor_, buffer.data(), buffer.size());
  if (size <= 0) return std::nullopt;
  return static_cast<std::size_t>(size);
}

bool Tun::write(BytesView packet) {
  return ::write(descriptor_, packet.data(), packet.size()) == static_cast<ssize_t>(packet.size());
}

}  // namespace warren::net
