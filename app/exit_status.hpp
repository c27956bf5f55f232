// What the program's exit status says. Part of the public interface: scripts branch on it.
#pragma once

#include <stdexcept>
#include <string>

namespace warren::app {

enum class ExitStatus {
  kDone = 0,
  kFailed = 1,
  kUsage = 2,
  kNoDaemon = 3,
  kUnreachable = 4,  // or timed out
  kRefused = 5,      // by verification: a signature, a binding, an identity
  kRelayedOnly = 6,  // reached through a relay only, where a direct path was asked for or is needed
};

// Ends the command. what() is one sentence, without a full stop, that says what to do next. Caught in main
// only.
class Failure : public std::runtime_error {
 public:
  Failure(ExitStatus status, const std::string& sentence) : std::runtime_error(sentence), status_(status) {}

  ExitStatus status() const { return status_; }

 private:
  ExitStatus status_;
};

}  // namespace warren::app
