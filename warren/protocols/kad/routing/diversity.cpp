#include "warren/protocols/kad/routing/diversity.hpp"

#include <algorithm>

#include "warren/core/address_scope.hpp"

namespace warren::kad {

namespace {

IpGroup group_of(const IpAddress& address) {
  const BytesView bytes = address.bytes();
  const auto pair = [&](std::size_t at) { return IpGroup{bytes[at]} << 8 | bytes[at + 1]; };
  // 0001::/16 is not in use: the two families never meet.
  return address.is_v4() ? IpGroup{1} << 16 | pair(0) : pair(0) << 16 | pair(2);
}

// As ip_address_of() does it, without taking the address apart: lookups see thousands.
std::optional<IpAddress> leading_ip(const Multiaddr& address) {
  const BytesView bytes = address.bytes();
  if (bytes.empty()) return std::nullopt;
  const bool v4 = bytes[0] == static_cast<std::uint8_t>(Protocol::kIp4);
  if (!v4 && bytes[0] != static_cast<std::uint8_t>(Protocol::kIp6)) return std::nullopt;
  const auto ip = IpAddress::from_bytes(bytes.subspan(1, v4 ? 4 : 16));
  return ip ? std::optional(*ip) : std::nullopt;
}

}  // namespace

IpGroups IpGroups::of(std::span<const IpAddress> addresses) {
  IpGroups groups;
  for (const IpAddress& address : addresses) groups.add(address);
  return groups;
}

IpGroups IpGroups::of(const std::vector<Multiaddr>& addresses) {
  IpGroups groups;
  for (const Multiaddr& address : addresses) {
    if (const auto ip = leading_ip(address)) groups.add(*ip);
  }
  return groups;
}

bool IpGroups::contains(IpGroup group) const {
  return std::ranges::find(all(), group) != all().end();
}

void IpGroups::add(const IpAddress& address) {
  if (scope_of(address) != AddressScope::kPublic) return;
  const IpGroup group = group_of(address);
  if (size_ < kMax && !contains(group)) groups_[size_++] = group;
}

bool GroupCount::take(const IpGroups& groups, std::size_t max) {
  if (max == 0) return true;
  for (const IpGroup group : groups.all()) {
    const auto found = std::ranges::find(counts_, group, &Count::group);
    if (found != counts_.end() && found->peers >= max) return false;
  }
  for (const IpGroup group : groups.all()) {
    const auto found = std::ranges::find(counts_, group, &Count::group);
    if (found != counts_.end()) {
      ++found->peers;
    } else {
      counts_.push_back({group, 1});
    }
  }
  return true;
}

}  // namespace warren::kad
