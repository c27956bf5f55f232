// The peers around a key, also when somebody has moved in next to it in numbers, to hide what is kept there:
// then the whole region in which honest peers must be is gone through.
// CVE-2023-26248; arXiv 2505.01139
#pragma once

#include "warren/protocols/kad/routing/region.hpp"
#include "warren/protocols/kad/search.hpp"

namespace warren::kad {

class Neighbourhood {
 public:
  // All outlive it.
  Neighbourhood(Host& host, Members& members, Search& search)
      : host_(host), members_(members), search_(search) {}

  // At whom to store a record under this key, and whom to ask for it.
  Task<std::vector<PeerInfo>> peers(Bytes key, LookupReport* report);
  // When these nearest are more crowded around the key than chance allows: the other peers of the region.
  // Else, and before the size of the network is known, nobody. At most kRegionPeersMax.
  Task<std::vector<PeerInfo>> beyond(Bytes key, std::vector<PeerInfo> nearest);

 private:
  struct Gathering;
  Task<void> gather_all(TaskGroup& lookups, Gathering& gathering);
  Task<void> gather(Gathering& gathering);

  Host& host_;
  Members& members_;
  Search& search_;
};

}  // namespace warren::kad
