#include "warren/node/topic_finder.hpp"

#include <algorithm>

#include "warren/async/as_result.hpp"
#include "warren/base/log.hpp"
#include "warren/crypto/hash.hpp"
#include "warren/multiformats/multihash.hpp"

namespace warren {

Bytes topic_provider_key(const std::string& wire_topic) {
  const Digest digest = sha256(as_bytes("floodsub:" + wire_topic));
  return Multihash{.code = kHashSha256, .digest = to_bytes(digest)}.encode();
}

TopicFinder::TopicFinder(Host& host, Discovery::Parts& discovery,
                         std::function<std::size_t(const std::string&)> peers_of, std::size_t enough)
    : host_(host),
      discovery_(discovery),
      peers_of_(std::move(peers_of)),
      enough_(enough),
      tasks_(host.env().executor, "topic finder") {}

void TopicFinder::joined(const std::string& wire_topic) {
  if (discovery_.own == nullptr || !discovery_.publisher) return;
  wanted_[wire_topic] = ++joins_;
  discovery_.publisher->set_provided(topic_provider_key(wire_topic), true);
  tasks_.spawn(look(wire_topic, joins_));
}

void TopicFinder::left(const std::string& wire_topic) {
  if (wanted_.erase(wire_topic) == 0) return;
  discovery_.publisher->set_provided(topic_provider_key(wire_topic), false);
}

bool TopicFinder::is_wanted(const std::string& wire_topic, std::uint64_t round) const {
  const auto found = wanted_.find(wire_topic);
  return found != wanted_.end() && found->second == round;
}

Task<void> TopicFinder::look(std::string wire_topic, std::uint64_t round) {
  Duration wait = kFirstLook;
  while (is_wanted(wire_topic, round)) {
    if (peers_of_(wire_topic) < enough_ && !discovery_.own->table().empty()) {
      co_await connect_to_some(wire_topic);
    }
    co_await host_.env().clock.sleep_for(wait);
    wait = std::min(2 * wait, kLookMax);
  }
}

Task<void> TopicFinder::connect_to_some(std::string wire_topic) {
  auto found = co_await as_result(discovery_.own->find_providers(topic_provider_key(wire_topic)));
  if (!found) {
    log::debug("topics", "no peers of " + wire_topic + ": " + found.error().message());
    co_return;
  }
  std::size_t dials = 0;
  for (PeerInfo& peer : *found) {
    if (dials == kDialsMax || peers_of_(wire_topic) + dials >= enough_) break;
    if (peer.id == host_.peer_id() || !host_.connections(peer.id).empty()) continue;
    ++dials;
    tasks_.spawn(connect(std::move(peer)));
  }
}

Task<void> TopicFinder::connect(PeerInfo peer) {
  if (peer.addresses.empty()) {
    auto where = co_await as_result(discovery_.look_up_addresses(peer.id, nullptr));
    if (!where || where->addresses.empty()) co_return;
    peer.addresses = std::move(where->addresses);
  }
  const std::string name = peer.id.short_text();
  auto dial = with_timeout(host_.env().clock, kDialTimeout, host_.connect(std::move(peer)));
  const auto connected = co_await as_result(std::move(dial));
  if (!connected) log::debug("topics", name + " of a topic is not reached: " + connected.error().message());
}

}  // namespace warren
