// The peers around a key, and what is asked of them, also when somebody has moved in next to it in numbers to
// hide what is kept there (CVE-2023-26248, arXiv 2505.01139): then the whole region in which honest peers
// must be is gone through.
#pragma once

#include "warren/protocols/kad/search.hpp"

namespace warren::kad {

class Neighbourhood {
 public:
  // All outlive it.
  Neighbourhood(Host& host, const Config& config, Members& members, Search& search);

  // At whom to store something under this key.
  Task<std::vector<PeerInfo>> peers(Bytes key, LookupReport* report);
  // The same with another question than FIND_NODE, which must name closer peers too.
  Task<std::vector<PeerInfo>> peers_asking(Bytes key, Ask ask, LookupReport* report);
  // Asks those who must have what is stored under this key, until `enough`.
  Task<void> search(Bytes key, Ask ask, std::function<bool()> enough, LookupReport* report);

  // Whether the peer is one of the nearest to the key, going by the size of the network. False when unsure.
  bool surely_near(const Bytes& key, const PeerId& peer) const;

 private:
  Host& host_;
  const Config& config_;
  Members& members_;
  Search& search_;
};

}  // namespace warren::kad
