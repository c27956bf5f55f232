// What the programs of bench/ that scripts drive have in common: a line of stdin is a question, a line of
// stdout its answer.
#pragma once

#include <fmt/core.h>
#include <malloc.h>
#include <unistd.h>

#include <charconv>
#include <functional>
#include <optional>

#include "test/interop/line_reader.hpp"
#include "warren/env/real/loop.hpp"

namespace warren::bench {

inline void say(const std::string& line) {
  fmt::print("{}\n", line);
  std::fflush(stdout);
}

// 0 for what is none.
inline std::uint64_t number(std::string_view text) {
  std::uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

// For nodes through which buffers go by the thousand: the heap keeps them, as the `warren` program has it.
inline void keep_heap() {
  constexpr int kOwnPagesMin = 1024 * 1024;
  constexpr int kTrimMin = 4 * 1024 * 1024;
  mallopt(M_MMAP_THRESHOLD, kOwnPagesMin);
  mallopt(M_TRIM_THRESHOLD, kTrimMin);
}

// Runs what the command line asks for; `choose` gives nothing when it asks for nothing that there is. The
// exit status of the program.
inline int run(std::string_view program, std::string_view usage,
               const std::function<std::optional<Task<void>>(Env&)>& choose) {
  try {
    real::Loop loop;
    std::optional<Task<void>> work = choose(loop.env());
    if (!work) {
      fmt::print(stderr, "usage: {} {}\n", program, usage);
      return 2;
    }
    loop.run(std::move(*work));
    return 0;
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}: {}\n", program, error.what());
    return 1;
  }
}

}  // namespace warren::bench
