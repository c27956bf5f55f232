#include "app/payload.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "warren/messaging/bodies.hpp"

namespace warren::app {
namespace {

constexpr std::size_t kPayloadMax = 16 * 1024 * 1024;  // MessagingLimits::body_max

std::string read_all(int descriptor, const std::string& name) {
  std::string content;
  std::array<char, 65536> buffer;
  while (true) {
    const ssize_t size = read(descriptor, buffer.data(), buffer.size());
    if (size == 0) return content;
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) {
      throw Failure(ExitStatus::kFailed,
                    fmt::format("{} cannot be read: {}; check its name", name, std::strerror(errno)));
    }
    content.append(buffer.data(), static_cast<std::size_t>(size));
    if (content.size() > kPayloadMax) {
      throw Failure(
          ExitStatus::kFailed,
          fmt::format("{} is larger than 16 MiB, the most that is sent at once; send it in parts", name));
    }
  }
}

}  // namespace

std::string read_payload(const PayloadOptions& options) {
  if (options.text) return *options.text;
  if (options.file.empty()) {
    if (isatty(STDIN_FILENO) != 0) fmt::print(stderr, "Reading from the terminal; Ctrl-D ends it.\n");
    return read_all(STDIN_FILENO, "standard input");
  }
  const int file = open(options.file.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) {
    throw Failure(ExitStatus::kFailed,
                  fmt::format("{} cannot be opened: {}; check its name", options.file, std::strerror(errno)));
  }
  std::string content = read_all(file, options.file);
  close(file);
  return content;
}

void require_service_name(const std::string& name) {
  if (is_service_name(name)) return;
  throw Failure(ExitStatus::kUsage,
                "a service's name has 1 to 128 printable ASCII characters without spaces; choose another");
}

}  // namespace warren::app
