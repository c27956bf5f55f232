#include "warren/protocols/pubsub/router/peer_exchange.hpp"

#include "warren/protocols/pubsub/router/shuffle.hpp"

namespace warren::pubsub {
namespace {

constexpr std::size_t kRecordSizeMax = 8192;  // 64 addresses are 4 KiB

}  // namespace

std::vector<Dial> choose_offers(const std::vector<PeerOffer>& offers, const GossipParams& params,
                                Random& random) {
  std::vector<PeerOffer> chosen = offers;
  choose(chosen, params.prune_peers, random);
  std::vector<Dial> dials;
  for (const PeerOffer& offer : chosen) {
    const auto peer = PeerId::from_bytes(offer.peer_id);
    if (!peer || offer.signed_peer_record.size() > kRecordSizeMax) continue;
    dials.push_back({*peer, to_bytes(offer.signed_peer_record)});
  }
  return dials;
}

}  // namespace warren::pubsub
