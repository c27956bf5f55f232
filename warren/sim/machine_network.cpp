#include "warren/sim/machine_network.hpp"

#include <utility>

#include "warren/sim/machine.hpp"

namespace warren::sim {

namespace {

// Of the only network card.
constexpr std::uint32_t kCard = 2;

}  // namespace

std::vector<IpAddress> MachineNetwork::interface_addresses() {
  std::vector<IpAddress> addresses = {loopback_address(true), loopback_address(false)};
  addresses.insert(addresses.end(), machine_.addresses().begin(), machine_.addresses().end());
  return addresses;
}

Task<void> MachineNetwork::wait_for_change() {
  if (!std::exchange(watched_, true)) changed_ = false;
  const auto change = std::make_shared<Event>();
  change_ = change;
  while (!std::exchange(changed_, false)) co_await change->wait();
}

void MachineNetwork::note_change() {
  changed_ = true;
  if (const auto change = change_.lock()) change->notify_all();
}

void MachineNetwork::receive(Packet packet) {
  if (packet.kind == Packet::Kind::kDatagram) {
    udp_.receive(std::move(packet));
  } else {
    tcp_.receive(std::move(packet));
  }
}

void MachineNetwork::crash() {
  tcp_.crash();
  udp_.crash();
}

std::vector<NetworkInterface> MachineNetwork::interfaces() {
  const std::vector<IpAddress> loopback = {loopback_address(true), loopback_address(false)};
  return {{.name = "lo", .index = 1, .multicast = false, .addresses = loopback},
          {.name = "net0", .index = kCard, .multicast = true, .addresses = machine_.addresses()}};
}

Result<std::unique_ptr<DatagramSocket>> MachineNetwork::join_multicast(Endpoint group,
                                                                       const NetworkInterface& interface) {
  if (interface.index != kCard) return fail(Errc::kAddressNotAvailable);
  return udp_.join(group);
}

}  // namespace warren::sim
