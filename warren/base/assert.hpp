// WARREN_ASSERT: the programmer's own mistakes, checked in every build. Never for what a peer or a user sent.
#pragma once

#include <cstdio>
#include <cstdlib>

namespace warren::detail {

[[noreturn]] inline void assertion_failed(const char* condition, const char* file, int line) {
  std::fprintf(stderr, "%s:%d: assertion failed: %s\n", file, line, condition);
  std::abort();
}

}  // namespace warren::detail

#define WARREN_ASSERT(condition) \
  (static_cast<bool>(condition) ? void() : ::warren::detail::assertion_failed(#condition, __FILE__, __LINE__))
