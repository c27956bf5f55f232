// The command line of cpp_peer; ../README.md says what it means.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "warren/core/peerstore.hpp"

namespace warren::bench {

extern const std::string_view kUsage;

enum class Way { kTcpNoise, kTcpTls, kQuic, kWs };
enum class Operation { kThroughput, kRequest, kConnect, kHandshakes, kIdle };

struct Options {
  bool listen = false;
  Way way = Way::kTcpNoise;
  std::string ip = "127.0.0.1";  // where to listen
  std::uint16_t port = 0;
  std::optional<PeerInfo> target;  // of a dialer
  Operation operation = Operation::kThroughput;
  std::uint64_t amount = 1;  // bytes of a transfer, or the number of requests or connections
  std::uint64_t streams = 1;
  bool download = false;
  bool each_line = false;

  Multiaddr listen_address() const;
};

// Nothing when the words mean nothing.
std::optional<Options> read_options(const std::vector<std::string>& words);

}  // namespace warren::bench
