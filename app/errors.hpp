// The library's errors as the control API and the command line know them: a word, an exit status, and advice.
#pragma once

#include <string>
#include <string_view>

#include "app/exit_status.hpp"
#include "warren/base/error.hpp"

namespace warren::app {

struct ErrorDescription {
  Errc code;
  std::string_view name;  // on the wire, in `warren-errc`
  ExitStatus exit_status;
  std::string_view advice;  // what to do next, where the library's sentence does not say it
};

// What happened, without its advice: the error's context and sentence, and the sentence once only.
std::string sentence_of(const std::system_error& error);

// What the table does not list is "failed".
const ErrorDescription& describe(std::error_code code);
const ErrorDescription& describe(std::string_view name);

}  // namespace warren::app
