#include "app/completion.hpp"

#include <fmt/format.h>

#include "app/commands/commands.hpp"

namespace warren::app {

ExitStatus run_completion(const CompletionOptions& options) {
  auto* write = options.shell == "bash"  ? bash_completion
                : options.shell == "zsh" ? zsh_completion
                                         : fish_completion;
  fmt::print("{}", write(*options.program));
  return ExitStatus::kDone;
}

}  // namespace warren::app
