// The main function of a test peer.
#pragma once

#include <iostream>
#include <optional>
#include <string_view>

#include "warren/base/log.hpp"
#include "warren/env/real/loop.hpp"

namespace warren::interop {

enum ExitStatus { kDone = 0, kFailed = 1, kUsageError = 2 };

// Runs a Peer with these options, or tells how it is used when there are none. What it logs, from `level` on,
// goes to stderr. The exit status.
template <class Peer, class Options>
int run_peer(const std::optional<Options>& options, std::string_view usage, log::Level level) {
  if (!options) {
    std::cerr << usage;
    return kUsageError;
  }
  log::set_sink(level, [](log::Level, std::string_view component, std::string_view message) {
    std::cerr << (std::string(component) + ": " + std::string(message) + "\n");
  });
  real::Loop loop;
  Peer peer(loop.env(), *options);
  return loop.run(peer.run());
}

}  // namespace warren::interop
