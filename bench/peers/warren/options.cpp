#include "bench/peers/warren/options.hpp"

#include <fmt/format.h>

#include <charconv>
#include <span>

#include "warren/core/peer_address.hpp"

namespace warren::bench {

const std::string_view kUsage =
    "usage:\n"
    "  cpp_peer listen --transport TRANSPORT [--address IP] [--port N]\n"
    "  cpp_peer dial --transport TRANSPORT --address MULTIADDR --op OPERATION [--bytes N] [--count N]\n"
    "                  [--streams K] [--direction up|down] [--each-line]\n"
    "TRANSPORT is tcp-noise, tcp-tls, quic or ws;\n"
    "OPERATION is throughput, request, connect, handshakes or idle\n";

namespace {

struct Transport {
  std::string_view name;
  Way way;
  fmt::format_string<const std::string&, const std::uint16_t&> address;
};

constexpr Transport kTransports[] = {{"tcp-noise", Way::kTcpNoise, "/ip4/{}/tcp/{}"},
                                     {"tcp-tls", Way::kTcpTls, "/ip4/{}/tcp/{}"},
                                     {"quic", Way::kQuic, "/ip4/{}/udp/{}/quic-v1"},
                                     {"ws", Way::kWs, "/ip4/{}/tcp/{}/ws"}};

struct NamedOperation {
  std::string_view name;
  Operation operation;
};

constexpr NamedOperation kOperations[] = {{"throughput", Operation::kThroughput},
                                          {"request", Operation::kRequest},
                                          {"connect", Operation::kConnect},
                                          {"handshakes", Operation::kHandshakes},
                                          {"idle", Operation::kIdle}};

template <class T>
bool read_number(std::string_view text, T& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size();
}

bool read_target(std::string_view text, Options& options) {
  const auto target = peer_at(text);
  if (target) options.target = *target;
  return target.has_value();
}

bool read_transport(std::string_view name, Options& options) {
  for (const Transport& transport : kTransports) {
    if (transport.name == name) return options.way = transport.way, true;
  }
  return false;
}

bool read_operation(std::string_view name, Options& options) {
  for (const NamedOperation& named : kOperations) {
    if (named.name == name) return options.operation = named.operation, true;
  }
  return false;
}

bool read_flag(std::string_view flag, const std::string& value, Options& options) {
  if (flag == "--transport") return read_transport(value, options);
  if (flag == "--address" && options.listen) return options.ip = value, true;
  if (flag == "--address") return read_target(value, options);
  if (flag == "--port") return read_number(value, options.port);
  if (flag == "--op") return read_operation(value, options);
  if (flag == "--bytes" || flag == "--count") return read_number(value, options.amount);
  if (flag == "--streams") return read_number(value, options.streams) && options.streams > 0;
  if (flag == "--direction") return options.download = value == "down", true;
  return false;
}

}  // namespace

Multiaddr Options::listen_address() const {
  const Transport& transport = kTransports[static_cast<std::size_t>(way)];
  return value_or_throw(Multiaddr::parse(fmt::format(transport.address, ip, port)));
}

std::optional<Options> read_options(const std::vector<std::string>& words) {
  if (words.empty() || (words[0] != "listen" && words[0] != "dial")) return std::nullopt;
  Options options;
  options.listen = words[0] == "listen";
  for (std::size_t i = 1; i < words.size(); ++i) {
    if (words[i] == "--each-line") {
      options.each_line = true;
    } else if (i + 1 == words.size() || !read_flag(words[i], words[i + 1], options)) {
      return std::nullopt;
    } else {
      ++i;
    }
  }
  if (!options.listen && !options.target) return std::nullopt;
  return options;
}

}  // namespace warren::bench
