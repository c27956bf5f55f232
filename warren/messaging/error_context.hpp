// What an error says besides its code's own sentence.
#pragma once

#include <string>
#include <system_error>

namespace warren {

// The words that throw_error was given, or what() when there were none.
inline std::string context_of(const std::system_error& error) {
  std::string text = error.what();
  const std::string known = ": " + error.code().message();
  if (text.ends_with(known)) text.resize(text.size() - known.size());
  return text;
}

}  // namespace warren
