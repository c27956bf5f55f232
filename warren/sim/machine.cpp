#include "warren/sim/machine.hpp"

#include <algorithm>
#include <utility>

#include "warren/sim/machine_network.hpp"
#include "warren/sim/world.hpp"

namespace warren::sim {

Machine::Machine(World& world, std::uint32_t number, std::string name, std::vector<IpAddress> addresses,
                 std::uint64_t seed)
    : number_(number),
      name_(std::move(name)),
      addresses_(std::move(addresses)),
      random_(seed),
      network_(std::make_unique<MachineNetwork>(world, *this)),
      env_{world.loop().executor(), world.clock(), random_, *network_, offload_} {}

Machine::~Machine() = default;

bool Machine::owns(const IpAddress& address) const {
  return address == loopback_address(address.is_v4()) ||
         std::ranges::find(addresses_, address) != addresses_.end();
}

Result<IpAddress> Machine::source_for(const IpAddress& remote) const {
  if (remote.is_loopback()) return loopback_address(remote.is_v4());
  const auto own = std::ranges::find(addresses_, remote.is_v4(), &IpAddress::is_v4);
  if (own == addresses_.end()) return fail(Errc::kUnreachable);
  return *own;
}

void Machine::crash() {
  network_->crash();
}

}  // namespace warren::sim
