#include "warren/protocols/kad/neighbourhood.hpp"

#include <algorithm>

#include "warren/async/as_result.hpp"
#include "warren/base/log.hpp"
#include "warren/protocols/kad/limits.hpp"

namespace warren::kad {

namespace {

bool has(const std::vector<PeerInfo>& peers, const PeerId& peer) {
  return std::ranges::find(peers, peer, &PeerInfo::id) != peers.end();
}

}  // namespace

// The lookups that go through one region.
struct Neighbourhood::Gathering {
  Region region;
  std::vector<PeerInfo> known;
  std::vector<PeerInfo> others;
  std::vector<Bytes> places;  // to be looked up
};

Task<std::vector<PeerInfo>> Neighbourhood::peers(Bytes key, LookupReport* report) {
  auto nearest = co_await search_.nearest(key, report);
  auto others = co_await beyond(std::move(key), nearest);
  std::ranges::move(others, std::back_inserter(nearest));
  co_return nearest;
}

Task<std::vector<PeerInfo>> Neighbourhood::beyond(Bytes key, std::vector<PeerInfo> nearest) {
  const Key target = Key::of(key);
  const auto network = members_.network_size();
  const auto region = network ? crowded_region(target, nearest, *network) : std::nullopt;
  if (!region) co_return std::vector<PeerInfo>{};
  log::info("kad", "the peers next to a key are more than chance allows: their whole region is asked");
  Gathering gathering{.region = *region, .known = std::move(nearest), .others = {}, .places = {}};
  gathering.places = co_await search_.preimages(region->lookups());
  TaskGroup lookups(host_.env().executor, "kad.region");
  co_await finally(gather_all(lookups, gathering), lookups.close());
  co_return std::move(gathering.others);
}

Task<void> Neighbourhood::gather_all(TaskGroup& lookups, Gathering& gathering) {
  for (std::size_t i = 0; i < kRegionLookupsMax; ++i) lookups.spawn(gather(gathering));
  co_await lookups.join();
}

Task<void> Neighbourhood::gather(Gathering& gathering) {
  while (!gathering.places.empty()) {
    Bytes place = std::move(gathering.places.back());
    gathering.places.pop_back();
    const auto found = co_await as_result(search_.nearest(std::move(place), nullptr));
    if (!found) continue;
    for (const PeerInfo& peer : *found) {
      if (gathering.others.size() == kRegionPeersMax) co_return;
      if (!gathering.region.contains(peer.id) || has(gathering.known, peer.id)) continue;
      if (!has(gathering.others, peer.id)) gathering.others.push_back(peer);
    }
  }
}

}  // namespace warren::kad
