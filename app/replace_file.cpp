#include "app/replace_file.hpp"

#include <fcntl.h>

#include <cstdio>

#include "warren/base/file.hpp"

namespace warren::app {
namespace {

bool write_fresh(const std::string& path, std::string_view text) {
  const File file(path, O_WRONLY | O_CREAT | O_TRUNC);
  return file.is_open() && file.write_all(as_bytes(text)) && file.sync();
}

}  // namespace

Result<> replace_file(const std::filesystem::path& path, std::string_view text) {
  const std::string fresh = path.string() + ".new";
  if (!write_fresh(fresh, text) || rename(fresh.c_str(), path.c_str()) != 0 || !sync_folder_of(path))
    return fail(Errc::kIo);
  return {};
}

}  // namespace warren::app
