// What `send`, `request`, `serve` and `broadcast` are given: bytes, written on the command line, in a file or
// on standard input, and names of services and topics.
#pragma once

#include <string>

#include "app/commands/commands.hpp"

namespace warren::app {

inline constexpr std::size_t kMessageMax = 16 * 1024 * 1024;  // MessagingLimits::body_max

// `max` bytes at most. Throws Failure.
std::string read_payload(const PayloadOptions& options, std::size_t max = kMessageMax);

// Who sits at a terminal is told when that is what is read.
void tell_of_terminal();

// Throws Failure (usage) when nothing can be served under this name.
void require_service_name(const std::string& name);

// The same for a topic's name.
void require_topic_name(const std::string& name, bool plain);

}  // namespace warren::app
