// One daemon to a data directory: a lock that the kernel takes back when its holder ends, in whatever way. In
// the file it tells who it is, and what it does while its control socket is not there.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace warren::app {

class LockFile {
 public:
  struct Holder {
    std::int64_t process = 0;  // 0: it has not told yet
    std::string stage;         // as it told; may be empty
  };

  // Throws Failure when another process holds it, and says which one.
  explicit LockFile(const std::filesystem::path& path);
  ~LockFile();
  LockFile(const LockFile&) = delete;
  LockFile& operator=(const LockFile&) = delete;

  // For people only: a full disk is no reason to stop. One word.
  void tell(std::string_view stage);

  // Who holds the lock; does not take it.
  static std::optional<Holder> find_holder(const std::filesystem::path& path);

 private:
  int descriptor_;
};

}  // namespace warren::app
