// The command line of warren_peer (README.md).
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "test/interop/listen_options.hpp"
#include "warren/node/target.hpp"
#include "warren/security/pnet/key_file.hpp"

namespace warren::interop {

extern const std::string_view kUsage;

struct Options {
  bool dial = false;
  std::optional<Multiaddr> address = value_or_throw(Multiaddr::parse("/ip4/127.0.0.1/tcp/0"));
  std::vector<std::string> securities = {"/noise", "/tls/1.0.0"};
  KeyType key_type = KeyType::kEd25519;
  std::optional<pnet::PreSharedKey> pre_shared_key;
  std::optional<std::filesystem::path> certificates;  // the folder
  bool retry = false;
  Duration whole_limit = 120s;
  Duration step_limit = 30s;

  // Of dial only.
  std::optional<Target> target;
  bool identify = false;
  std::uint64_t pings = 0;
  std::uint64_t echo_streams = 0;
  std::uint64_t echo_bytes = 0;
  bool hold = false;
};

// What the words after the program's name ask for; nothing when they mean nothing.
std::optional<Options> read_options(std::vector<std::string> words);

}  // namespace warren::interop
