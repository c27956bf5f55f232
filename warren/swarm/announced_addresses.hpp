// Addresses at which others reach us besides those of our interfaces: mapped ports, observed and verified
// ones, circuits. Each part of the node that knows some tells its own, and replaces them as a whole.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "warren/multiformats/multiaddr.hpp"

namespace warren {

class AnnouncedAddresses {
 public:
  // Three relays with six addresses each, and mapped ones; what peers read of us is bounded (identify).
  static constexpr std::size_t kPerSourceMax = 24;
  static constexpr std::size_t kSourcesMax = 16;

  // Replaces what this source has told; none: it has nothing to tell any more. Further ones than the bound
  // are dropped, and so is a further source. Whether list() is another now.
  bool set(const std::string& source, std::vector<Multiaddr> addresses);

  // Each once, without /p2p at the end; direct ones first, then by source.
  std::vector<Multiaddr> list() const;

 private:
  std::map<std::string, std::vector<Multiaddr>> sources_;
};

}  // namespace warren
