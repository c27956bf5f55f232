// A file that must be whole on the disk, or not there: opened, written to its last byte, synced.
#pragma once

#include <filesystem>

#include "warren/base/bytes.hpp"

namespace warren {

class File {
 public:
  // As open(2) with these flags; a new file is its owner's only. errno tells what went wrong, here and below.
  File(const std::filesystem::path& path, int flags);
  ~File();
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  bool is_open() const { return descriptor_ >= 0; }
  int descriptor() const { return descriptor_; }

  bool write_all(BytesView bytes) const;
  // False also when the file ends before.
  bool read_all(MutableBytes bytes) const;
  bool sync() const;

 private:
  int descriptor_;
};

// So that the name of this file, too, is on the disk.
bool sync_folder_of(const std::filesystem::path& path);

}  // namespace warren
