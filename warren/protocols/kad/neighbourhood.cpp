#include "warren/protocols/kad/neighbourhood.hpp"

namespace warren::kad {

Neighbourhood::Neighbourhood(Host& host, const Config& config, Members& members, Search& search)
    : host_(host), config_(config), members_(members), search_(search) {}

Task<std::vector<PeerInfo>> Neighbourhood::peers(Bytes key, LookupReport* report) {
  Ask ask = search_.find_node(key);
  return peers_asking(std::move(key), std::move(ask), report);
}

Task<std::vector<PeerInfo>> Neighbourhood::peers_asking(Bytes key, Ask ask, LookupReport* report) {
  return search_.run(Key::of(key), std::move(ask), {}, report);
}

Task<void> Neighbourhood::search(Bytes key, Ask ask, std::function<bool()> enough, LookupReport* report) {
  co_await search_.run(Key::of(key), std::move(ask), std::move(enough), report);
}

bool Neighbourhood::surely_near(const Bytes&, const PeerId&) const {
  return false;
}

}  // namespace warren::kad
