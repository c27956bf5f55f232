#include "warren/sim/crowd.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <stdexcept>

#include "warren/core/address_scope.hpp"
#include "warren/sim/host.hpp"

namespace warren::sim {

namespace {

constexpr std::uint16_t kPort = 4001;

// Added to an address it gives one in another /16 and far away; odd, so that all others come before it
// returns.
constexpr std::uint32_t kIpStep = 2654435769;

// Hosts speak through their crowd alone.
class NoNetwork final : public Network {
 public:
  Result<std::unique_ptr<TcpListener>> listen_tcp(Endpoint) override { return fail(Errc::kUnsupported); }
  Task<std::unique_ptr<TcpStream>> connect_tcp(Endpoint, std::optional<Endpoint>) override {
    throw_error(Errc::kUnsupported);
    co_return nullptr;
  }
  Result<std::unique_ptr<DatagramSocket>> bind_udp(Endpoint) override { return fail(Errc::kUnsupported); }
  std::vector<IpAddress> interface_addresses() override { return {}; }
  std::vector<NetworkInterface> interfaces() override { return {}; }
  Result<std::unique_ptr<DatagramSocket>> join_multicast(Endpoint, const NetworkInterface&) override {
    return fail(Errc::kUnsupported);
  }
  Task<void> wait_for_change() override {
    throw_error(Errc::kUnsupported);
    co_return;
  }
};

std::array<std::uint8_t, 4> octets(std::uint32_t ip) {
  return {static_cast<std::uint8_t>(ip >> 24), static_cast<std::uint8_t>(ip >> 16),
          static_cast<std::uint8_t>(ip >> 8), static_cast<std::uint8_t>(ip)};
}

// Evenly in (0, 1).
double unit(std::uint64_t word) {
  return (static_cast<double>(word >> 11) + 0.5) * 0x1p-53;
}

}  // namespace

std::uint32_t Directory::number_of(const PeerDescription& description) {
  const auto same = [&](const PeerDescription& other) {
    return other.protocols == description.protocols && other.agent_version == description.agent_version &&
           other.protocol_version == description.protocol_version;
  };
  const auto found = std::ranges::find_if(descriptions, same);
  if (found == descriptions.end()) descriptions.push_back(description);
  return static_cast<std::uint32_t>(found - descriptions.begin());
}

Crowd::Crowd(CrowdOptions options) : options_(options), network_(std::make_unique<NoNetwork>()) {}

Crowd::~Crowd() = default;

std::unique_ptr<PlainHost> Crowd::add_host() {
  return std::make_unique<PlainHost>(*this, std::nullopt);
}

std::unique_ptr<PlainHost> Crowd::add_host(const PeerId& named) {
  return std::make_unique<PlainHost>(*this, named);
}

std::uint32_t Crowd::next_ip() {
  while (true) {
    ip_ += kIpStep;
    const auto bytes = octets(ip_);
    const bool special = bytes[0] == 0 || bytes[0] >= 224;
    if (!special && scope_of(IpAddress::v4(bytes)) == AddressScope::kPublic) return ip_;
  }
}

Duration Crowd::round_trip(std::uint32_t a, std::uint32_t b) const {
  SeededRandom random(options_.seed ^ (std::uint64_t{std::min(a, b)} << 32 | std::max(a, b)));
  const double radius = std::sqrt(-2 * std::log(unit(random.u64())));
  const double normal = radius * std::cos(2 * std::numbers::pi * unit(random.u64()));
  const double factor = std::exp(options_.round_trip_spread * normal);
  const auto median = std::chrono::duration<double, std::micro>(options_.round_trip_median);
  // Whole microseconds, an even number, so that there and back take the same.
  const auto half = static_cast<std::int64_t>(median.count() * factor / 2);
  return std::chrono::microseconds(2 * std::max<std::int64_t>(half, 500));
}

Multiaddr Crowd::address_of(std::uint32_t host) const {
  return Multiaddr()
      .with(Protocol::kIp4, octets(hosts_[host].ip))
      .with_port(Protocol::kUdp, kPort)
      .with(Protocol::kQuicV1);
}

std::optional<std::uint32_t> Crowd::host_at(const std::vector<Multiaddr>& addresses) const {
  for (const Multiaddr& address : addresses) {
    const Bytes& bytes = address.bytes();  // the code, one byte, then the address
    if (bytes.size() < 5 || bytes[0] != static_cast<std::uint8_t>(Protocol::kIp4)) continue;
    const std::uint32_t ip = std::uint32_t{bytes[1]} << 24 | std::uint32_t{bytes[2]} << 16 |
                             std::uint32_t{bytes[3]} << 8 | std::uint32_t{bytes[4]};
    if (const auto found = by_ip_.find(ip); found != by_ip_.end()) return found->second;
  }
  return std::nullopt;
}

void Crowd::trace(std::uint64_t kind, std::uint64_t a, std::uint64_t b, std::uint64_t c) {
  const auto time = static_cast<std::uint64_t>(now().time_since_epoch().count());
  for (const std::uint64_t word : {kind, a, b, c, time}) {
    fingerprint_ = (fingerprint_ ^ word) * 0x100000001b3;
    fingerprint_ ^= fingerprint_ >> 29;
  }
}

}  // namespace warren::sim
