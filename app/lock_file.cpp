#include "app/lock_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>

#include "app/exit_status.hpp"

namespace warren::app {
namespace {

// " (process 1234)", as the holder wrote it; empty when it has not yet.
std::string holder(int descriptor) {
  std::array<char, 32> text{};
  const ssize_t size = pread(descriptor, text.data(), text.size(), 0);
  const std::string_view number(text.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
  const std::size_t digits = std::min(number.find_first_not_of("0123456789"), number.size());
  return digits == 0 ? "" : fmt::format(" (process {})", number.substr(0, digits));
}

}  // namespace

LockFile::LockFile(const std::filesystem::path& path)
    : descriptor_(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)) {
  if (descriptor_ < 0) {
    throw Failure(ExitStatus::kFailed, fmt::format("{} cannot be opened: {}; check who owns the folder",
                                                   path.string(), std::strerror(errno)));
  }
  if (flock(descriptor_, LOCK_EX | LOCK_NB) != 0) {
    const std::string who = holder(descriptor_);
    close(descriptor_);
    throw Failure(ExitStatus::kFailed,
                  fmt::format("a daemon{} runs on {} already; stop it first, or give another --data-dir", who,
                              path.parent_path().string()));
  }
  const std::string number = fmt::format("{}\n", getpid());
  // For people only, so a full disk is no reason to stop.
  if (ftruncate(descriptor_, 0) == 0) [[maybe_unused]]
    const ssize_t written = pwrite(descriptor_, number.data(), number.size(), 0);
}

LockFile::~LockFile() {
  close(descriptor_);
}

}  // namespace warren::app
