#include "app/lock_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <sstream>

#include "app/exit_status.hpp"

namespace warren::app {
namespace {

// The whole file, for the open file and not for the process, as flock(2) has it; but unlike that, others can
// ask for it without taking it.
struct flock whole_file() {
  struct flock lock = {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  return lock;
}

// "1234 starting\n", as the holder wrote it.
LockFile::Holder read_holder(int descriptor) {
  std::array<char, 64> text{};
  const ssize_t size = pread(descriptor, text.data(), text.size(), 0);
  std::istringstream words(std::string(text.data(), size > 0 ? static_cast<std::size_t>(size) : 0));
  LockFile::Holder holder;
  words >> holder.process >> holder.stage;
  return holder;
}

}  // namespace

LockFile::LockFile(const std::filesystem::path& path)
    : descriptor_(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)) {
  if (descriptor_ < 0) {
    throw Failure(ExitStatus::kFailed, fmt::format("{} cannot be opened: {}; check who owns the folder",
                                                   path.string(), std::strerror(errno)));
  }
  struct flock lock = whole_file();
  if (fcntl(descriptor_, F_OFD_SETLK, &lock) != 0) {
    const Holder holder = read_holder(descriptor_);
    const std::string who = holder.process == 0 ? "" : fmt::format(" (process {})", holder.process);
    close(descriptor_);
    throw Failure(ExitStatus::kFailed,
                  fmt::format("a daemon{} runs on {} already; stop it first, or give another --data-dir", who,
                              path.parent_path().string()));
  }
  if (ftruncate(descriptor_, 0) == 0) tell("");
}

LockFile::~LockFile() {
  close(descriptor_);
}

void LockFile::tell(std::string_view stage) {
  const std::string text = fmt::format("{} {}\n", getpid(), stage);
  // In this order there is always a word to read.
  const ssize_t written = pwrite(descriptor_, text.data(), text.size(), 0);
  if (written > 0) [[maybe_unused]]
    const int cut = ftruncate(descriptor_, written);
}

std::optional<LockFile::Holder> LockFile::find_holder(const std::filesystem::path& path) {
  const int descriptor = open(path.c_str(), O_RDWR | O_CLOEXEC);
  if (descriptor < 0) return std::nullopt;
  struct flock lock = whole_file();
  const bool held = fcntl(descriptor, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
  const Holder holder = held ? read_holder(descriptor) : Holder();
  close(descriptor);
  return held ? std::optional(holder) : std::nullopt;
}

}  // namespace warren::app
