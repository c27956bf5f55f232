// Small files of the data directory that are replaced as a whole.
#pragma once

#include <filesystem>
#include <string_view>

#include "warren/base/error.hpp"

namespace warren::app {

// Its owner's only. After a crash there is the old file or the new one. kIo.
Result<> replace_file(const std::filesystem::path& path, std::string_view text);

}  // namespace warren::app
