// One daemon to a data directory: a lock that the kernel takes back when its holder ends, in whatever way.
#pragma once

#include <filesystem>

namespace warren::app {

class LockFile {
 public:
  // Throws Failure when another process holds it, and says which one.
  explicit LockFile(const std::filesystem::path& path);
  ~LockFile();
  LockFile(const LockFile&) = delete;
  LockFile& operator=(const LockFile&) = delete;

 private:
  int descriptor_;
};

}  // namespace warren::app
