#include "warren/node/publisher.hpp"

#include <algorithm>
#include <iterator>

#include "warren/async/as_result.hpp"
#include "warren/async/race.hpp"
#include "warren/base/log.hpp"
#include "warren/core/address_scope.hpp"
#include "warren/crypto/hash.hpp"
#include "warren/crypto/peer_record.hpp"
#include "warren/multiformats/multihash.hpp"
#include "warren/node/binding_validator.hpp"
#include "warren/protocols/kad/wire/peer_record_validator.hpp"

namespace warren {

namespace {

constexpr Instant kNever = Instant::max();

}  // namespace

Bytes peer_record_key(const PeerId& peer) {
  return kad::record_key(kad::PeerRecordValidator().name_space(), peer.bytes());
}

Bytes node_provider_key(const NodeId& node) {
  Bytes preimage = to_bytes(as_bytes("warren-node"));
  preimage.insert(preimage.end(), node.key_bytes().begin(), node.key_bytes().end());
  const Digest digest = sha256(preimage);
  return Multihash{.code = kHashSha256, .digest = to_bytes(digest)}.encode();
}

Bytes relay_provider_key() {
  const Digest digest = sha256(as_bytes("warren-relay"));
  return Multihash{.code = kHashSha256, .digest = to_bytes(digest)}.encode();
}

std::vector<Multiaddr> worth_publishing(std::vector<Multiaddr> addresses, bool private_network) {
  AddressScope widest = AddressScope::kUndialable;
  for (const Multiaddr& address : addresses)
    widest = std::max(widest, scope_of(address).value_or(AddressScope::kPublic));  // a name: anybody's
  if (private_network) widest = std::min(widest, AddressScope::kPrivate);
  std::erase_if(addresses, [widest](const Multiaddr& address) {
    return scope_of(address).value_or(AddressScope::kPublic) < widest;
  });
  return addresses;
}

Publisher::Publisher(Host& host, Messaging& messaging, kad::Kad* own, kad::Kad* wide, bool private_network)
    : host_(host), messaging_(messaging), own_(own), wide_(wide), private_network_(private_network) {
  const auto change = [this] {
    changed_ = true;
    wake_.notify_all();
  };
  subscriptions_.push_back(messaging.on_binding_renewed(change));
  subscriptions_.push_back(host.events().addresses_changed.subscribe(change));
  for (kad::Kad* dht : {own, wide}) {
    if (dht == nullptr) continue;
    subscriptions_.push_back(dht->entered().subscribe([this](const PeerId&) { wake_.notify_all(); }));
  }
}

void Publisher::set_provided(const Bytes& multihash, bool provided) {
  const auto [found, is_new] = provided_.try_emplace(multihash, provided);
  if (!is_new && found->second == provided) return;
  found->second = provided;
  changed_ = true;
  wake_.notify_all();
}

Task<void> Publisher::wait_for_peers() {
  const auto joined = [this] {
    return (own_ != nullptr && !own_->table().empty()) || (wide_ != nullptr && !wide_->table().empty());
  };
  while (messaging_.own_binding().empty() || !joined()) co_await wake_.wait();
}

bool Publisher::has_grown() const {
  if (own_ == nullptr || copies_ >= kCopies) return false;
  return own_->table().size() >= 2 * std::max<std::size_t>(peers_then_, 1);
}

Task<void> Publisher::wait_until(Instant then) {
  Clock& clock = host_.env().clock;
  while (!changed_ && !has_grown() && clock.now() < then) {
    if (then == kNever) {
      co_await wake_.wait();
    } else {
      co_await race(clock.sleep_until(then), wake_.wait());
    }
  }
}

Task<void> Publisher::run() {
  Clock& clock = host_.env().clock;
  const Duration* again = std::begin(kPublishAgain);
  while (true) {
    co_await wait_for_peers();
    changed_ = false;
    const bool own = co_await publish_own();
    const bool wide = co_await publish_wide();
    published_ = published_ || (own && wide);
    const Instant published = clock.now();
    if (!own || !wide) {
      co_await wait_until(published + kPublishRetry);
    } else if (again != std::end(kPublishAgain)) {
      co_await wait_until(published + *again);
      if (clock.now() >= published + *again) ++again;
    } else {
      co_await wait_until(kNever);
    }
    if (clock.now() < published + kPublishGrown) co_await clock.sleep_until(published + kPublishGrown);
  }
}

Bytes Publisher::sealed_addresses() const {
  const PeerRecord record{.peer_id = host_.peer_id(),
                          .seq = static_cast<std::uint64_t>(unix_ms(host_.env().clock.wall_now())),
                          .addresses = worth_publishing(host_.addresses(), private_network_)};
  return record.seal(host_.key());
}

Task<bool> Publisher::publish_own() {
  if (own_ == nullptr || own_->table().empty()) co_return true;
  peers_then_ = own_->table().size();
  const auto bound =
      co_await as_result(own_->put_value(binding_record_key(messaging_.node_id()), messaging_.own_binding()));
  if (!bound) log::debug("publisher", "our binding was not taken: " + bound.error().message());
  copies_ = bound.value_or(0);
  if (host_.addresses().empty()) co_return bound.has_value();
  const auto located =
      co_await as_result(own_->put_value(peer_record_key(host_.peer_id()), sealed_addresses()));
  if (!located) log::debug("publisher", "our addresses were not taken: " + located.error().message());
  const bool provided = co_await provide_all();
  co_return bound.has_value() && located.has_value() && provided;
}

Task<bool> Publisher::provide_all() {
  bool all = true;
  const std::vector<std::pair<Bytes, bool>> wishes(provided_.begin(), provided_.end());
  for (const auto& [multihash, wanted] : wishes) {
    if (wanted) {
      const auto taken = co_await as_result(own_->provide(multihash));
      all = all && taken.has_value();
    } else {
      // An earlier run may have provided it, and what is on disk is published again.
      co_await own_->disown(multihash);
    }
  }
  co_return all;
}

Task<bool> Publisher::publish_wide() {
  if (wide_ == nullptr || wide_->table().empty()) co_return true;
  const auto provided = co_await as_result(wide_->provide(node_provider_key(messaging_.node_id())));
  if (!provided) log::debug("publisher", "not provided on the public DHT: " + provided.error().message());
  co_return provided.has_value();
}

}  // namespace warren
