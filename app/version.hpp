// The program's own version.
#pragma once

namespace warren::app {

inline constexpr const char* kVersion = WARREN_VERSION;  // from the top CMakeLists.txt

}  // namespace warren::app
