// Peers whose public addresses lie in one block (IPv4 /16, IPv6 /32) count as alike: one operator can have as
// many of them as he likes, so that a table or a lookup that they fill is his. Private and loopback addresses
// are exempt, and so are names, which say nothing of where they lead.
// https://github.com/libp2p/specs/blob/master/kad-dht/README.md (routing table considerations)
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "warren/env/endpoint.hpp"
#include "warren/multiformats/multiaddr.hpp"

namespace warren::kad {

// One block of addresses.
using IpGroup = std::uint32_t;

// The blocks that a peer has addresses in, each once; what exceeds kMax is not counted. A small value.
class IpGroups {
 public:
  static constexpr std::size_t kMax = 4;

  IpGroups() = default;
  static IpGroups of(std::span<const IpAddress> addresses);
  static IpGroups of(const std::vector<Multiaddr>& addresses);

  bool empty() const { return size_ == 0; }
  bool contains(IpGroup group) const;
  std::span<const IpGroup> all() const { return std::span(groups_).first(size_); }

 private:
  void add(const IpAddress& address);

  std::array<IpGroup, kMax> groups_{};
  std::uint8_t size_ = 0;
};

// How many peers of each block have been counted.
class GroupCount {
 public:
  // Counts a peer, unless one of its blocks has `max` already; `max` 0: no limit.
  bool take(const IpGroups& groups, std::size_t max);

 private:
  struct Count {
    IpGroup group;
    std::size_t peers;
  };
  std::vector<Count> counts_;
};

// 0: no limit. go-libp2p-kad-dht's numbers, which the public DHT lives with.
struct DiversityLimits {
  std::size_t bucket = 2;
  std::size_t table = 3;
};

}  // namespace warren::kad
