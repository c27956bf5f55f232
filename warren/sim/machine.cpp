#include "warren/sim/machine.hpp"

#include <utility>

#include "warren/sim/tcp_network.hpp"
#include "warren/sim/world.hpp"

namespace warren::sim {

Machine::Machine(World& world, std::uint32_t number, std::string name, std::vector<IpAddress> addresses,
                 std::uint64_t seed)
    : number_(number),
      name_(std::move(name)),
      addresses_(std::move(addresses)),
      random_(seed),
      network_(std::make_unique<TcpNetwork>(world, *this)),
      env_{world.loop().executor(), world.clock(), random_, *network_, offload_} {}

Machine::~Machine() = default;

void Machine::crash() {
  network_->crash();
}

}  // namespace warren::sim
