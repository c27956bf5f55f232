// What the command lines of the test peers have in common (README.md): "listen", and flags behind it.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "warren/base/time.hpp"
#include "warren/multiformats/multiaddr.hpp"

namespace warren::interop {

struct ListenOptions {
  Multiaddr address = value_or_throw(Multiaddr::parse("/ip4/127.0.0.1/tcp/0"));
  Duration whole_limit = 120s;
  Duration step_limit = 30s;
};

// What one program understands beside the flags of all. Each returns whether it has taken the flag.
struct OwnFlags {
  std::function<bool(const std::string& name)> plain = [](const std::string&) { return false; };
  std::function<bool(const std::string& name, const std::string& value)> with_value =
      [](const std::string&, const std::string&) { return false; };
};

// Reads the words after the program's name. False when they mean nothing.
bool read_listen(const std::vector<std::string>& words, ListenOptions& options, const OwnFlags& own = {});

// A whole decimal number and nothing else.
std::optional<std::uint64_t> parse_number(std::string_view text);

}  // namespace warren::interop
