#include "warren/env/real/interfaces.hpp"

#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstring>

namespace warren::real {

namespace {

// All that getifaddrs tells: an entry for each card, then one for each address.
class Listing {
 public:
  Listing() {
    if (getifaddrs(&first_) != 0) first_ = nullptr;
  }
  ~Listing() {
    if (first_ != nullptr) freeifaddrs(first_);
  }
  Listing(const Listing&) = delete;
  Listing& operator=(const Listing&) = delete;

  const ifaddrs* first() const { return first_; }

 private:
  ifaddrs* first_ = nullptr;
};

std::optional<IpAddress> address_of(const ifaddrs& entry) {
  if (entry.ifa_addr == nullptr) return std::nullopt;
  if (entry.ifa_addr->sa_family == AF_INET) {
    std::array<std::uint8_t, 4> bytes;
    std::memcpy(bytes.data(), &reinterpret_cast<const sockaddr_in*>(entry.ifa_addr)->sin_addr, bytes.size());
    return IpAddress::v4(bytes);
  }
  if (entry.ifa_addr->sa_family == AF_INET6) {
    std::array<std::uint8_t, 16> bytes;
    std::memcpy(bytes.data(), &reinterpret_cast<const sockaddr_in6*>(entry.ifa_addr)->sin6_addr,
                bytes.size());
    return IpAddress::v6(bytes);
  }
  return std::nullopt;
}

// Of the card: an address may come with a label instead, "eth0:1".
std::string name_of(const ifaddrs& entry) {
  const std::string_view label = entry.ifa_name;
  return std::string(label.substr(0, label.find(':')));
}

NetworkInterface& find_or_add(std::vector<NetworkInterface>& interfaces, const ifaddrs& entry) {
  std::string name = name_of(entry);
  const auto found = std::ranges::find(interfaces, name, &NetworkInterface::name);
  if (found != interfaces.end()) return *found;
  NetworkInterface& added = interfaces.emplace_back();
  added.index = if_nametoindex(name.c_str());
  added.name = std::move(name);
  added.multicast = (entry.ifa_flags & IFF_MULTICAST) != 0 && (entry.ifa_flags & IFF_LOOPBACK) == 0;
  return added;
}

}  // namespace

std::vector<IpAddress> all_addresses() {
  std::vector<IpAddress> addresses;
  const Listing listing;
  for (const ifaddrs* it = listing.first(); it != nullptr; it = it->ifa_next) {
    if (const auto address = address_of(*it)) addresses.push_back(*address);
  }
  return addresses;
}

std::vector<NetworkInterface> all_interfaces() {
  std::vector<NetworkInterface> interfaces;
  const Listing listing;
  for (const ifaddrs* it = listing.first(); it != nullptr; it = it->ifa_next) {
    // Without a carrier, as when the cable is out, it is not running.
    if ((it->ifa_flags & IFF_UP) == 0 || (it->ifa_flags & IFF_RUNNING) == 0) continue;
    NetworkInterface& interface = find_or_add(interfaces, *it);
    if (const auto address = address_of(*it)) interface.addresses.push_back(*address);
  }
  // Gone since it was listed.
  std::erase_if(interfaces, [](const NetworkInterface& interface) { return interface.index == 0; });
  return interfaces;
}

}  // namespace warren::real
