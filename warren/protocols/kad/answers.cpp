#include "warren/protocols/kad/answers.hpp"

#include <algorithm>
#include <array>

#include "warren/base/varint.hpp"
#include "warren/protocols/kad/address_policy.hpp"
#include "warren/protocols/kad/limits.hpp"

namespace warren::kad {

namespace {

// The beginning of an answer to FIND_NODE: field 1, the type, which is 4. The peers follow.
constexpr std::array<std::uint8_t, 2> kFindNodeType = {0x08, 0x04};

void check_key(const Bytes& key, std::size_t size_max) {
  if (key.empty() || key.size() > size_max) throw_error(Errc::kMalformed, "key");
}

}  // namespace

Answers::Answers(Host& host, const Config& config, Members& members, Records& records)
    : host_(host),
      config_(config),
      members_(members),
      records_(records),
      told_(host, config),
      writers_(kWritesPerSecond, kWritesBurst, kWritersMax) {}

// The question that others ask most, by far: put together from parts that are encoded already.
bool Answers::append_if_find_node(const Connection& connection, const Message& request, Bytes& to) {
  if (request.type != MessageType::kFindNode) return false;
  check_key(request.key, kKeySizeMax);
  const Instant now = host_.env().clock.now();
  const AddressScope scope = distance_to(connection);
  const auto nearest = members_.nearest(Key::of(request.key), kPeersToldMax + 1);
  find_node_.assign(kFindNodeType.begin(), kFindNodeType.end());
  // Whoever is looked for is told whenever he is known, a client too: clients are in no routing table.
  const auto target = PeerId::from_bytes(request.key);
  if (target && is_known(*target)) append(find_node_, told_.closer_field(*target, scope, now));
  std::size_t told = 0;
  for (const PeerId& peer : nearest) {
    if (peer == connection.remote_peer() || told == kPeersToldMax || (target && peer == *target)) continue;
    const Bytes& field = told_.closer_field(peer, scope, now);
    append(find_node_, field);
    if (!field.empty()) ++told;
  }
  append_varint(to, find_node_.size());
  append(to, find_node_);
  return true;
}

Task<void> Answers::append_answer(const ConnectionPtr& connection, Message request, Bytes& to) {
  if (append_if_find_node(*connection, request, to)) co_return;
  Message answer;
  switch (request.type) {
    case MessageType::kGetValue: answer = co_await get_value(connection, std::move(request)); break;
    case MessageType::kPutValue: answer = co_await put_value(connection, std::move(request)); break;
    case MessageType::kGetProviders: answer = co_await get_providers(connection, std::move(request)); break;
    case MessageType::kAddProvider: co_await add_provider(connection, std::move(request)); co_return;
    // Only its type comes back: the rest is nothing we vouch for.
    default: answer.type = MessageType::kPing; break;
  }
  const Bytes encoded = answer.encode();
  append_varint(to, encoded.size());
  append(to, encoded);
}

Task<Message> Answers::get_value(const ConnectionPtr& connection, Message request) {
  check_key(request.key, kKeySizeMax);
  Message answer{.type = MessageType::kGetValue, .key = request.key};
  auto held = co_await records_.get(request.key);
  if (held) answer.record = WireRecord{.key = request.key, .value = std::move(*held)};
  answer.closer = closer_peers(*connection, request.key);
  co_return answer;
}

Task<Message> Answers::put_value(const ConnectionPtr& connection, Message request) {
  check_key(request.key, kKeySizeMax);
  if (!request.record || request.record->key != request.key) throw_error(Errc::kMalformed, "record");
  if (!records_.knows_namespace(request.key)) throw_error(Errc::kUnsupported, "namespace");
  pay_for_write(*connection);
  value_or_throw(co_await records_.put(request.key, request.record->value, false));
  co_return Message{.type = MessageType::kPutValue, .key = request.key, .record = std::move(request.record)};
}

Task<Message> Answers::get_providers(const ConnectionPtr& connection, Message request) {
  check_key(request.key, kProviderKeySizeMax);
  Message answer{.type = MessageType::kGetProviders, .key = request.key};
  auto held = co_await records_.providers(request.key, kProvidersReadMax);
  // By lot: whoever announces a thousand providers shall not hide the others for good.
  for (std::size_t i = 0; i < held.size() && answer.providers.size() < kProvidersToldMax; ++i) {
    std::swap(held[i], held[i + host_.env().random.below(held.size() - i)]);
    PeerInfo& provider = held[i].provider;
    if (members_.is_gone(provider.id)) continue;
    PeerInfo known = told_.info(provider.id, distance_to(*connection));
    if (known.addresses.empty()) {
      known.addresses = allowed(config_.filter, distance_to(*connection), std::move(provider.addresses));
    }
    answer.providers.push_back(std::move(known));
  }
  answer.closer = closer_peers(*connection, request.key);
  co_return answer;
}

Task<void> Answers::add_provider(const ConnectionPtr& connection, Message request) {
  check_key(request.key, kProviderKeySizeMax);
  const PeerId& sender = connection->remote_peer();
  const auto provider = std::ranges::find(request.providers, sender, &PeerInfo::id);
  // Anybody could name anybody: a peer speaks for itself only.
  if (provider == request.providers.end()) throw_error(Errc::kDenied, "another peer as provider");
  pay_for_write(*connection);
  PeerInfo taken{sender, allowed(config_.filter, distance_to(*connection), std::move(provider->addresses))};
  value_or_throw(co_await records_.put_provider(request.key, std::move(taken), false));
}

std::vector<PeerInfo> Answers::closer_peers(const Connection& connection, BytesView key) {
  const AddressScope scope = distance_to(connection);
  std::vector<PeerInfo> closer;
  // One more than told, as the asker himself may be among them.
  for (const PeerId& peer : members_.nearest(Key::of(key), kPeersToldMax + 1)) {
    if (peer == connection.remote_peer() || closer.size() == kPeersToldMax) continue;
    PeerInfo info = told_.info(peer, scope);
    if (!info.addresses.empty()) closer.push_back(std::move(info));
  }
  return closer;
}

// Hearsay is not enough: whoever was looked for and not reached would be named for an hour by those who
// tried.
bool Answers::is_known(const PeerId& peer) const {
  if (peer == host_.peer_id() || members_.contains(peer) || !host_.connections(peer).empty()) return true;
  if (members_.is_gone(peer)) return false;
  const auto known = host_.peerstore().known_addresses(peer, host_.env().clock.now());
  return std::ranges::any_of(known, [](const KnownAddress& address) {
    return address.source != AddressSource::kReported || address.last_success;
  });
}

void Answers::pay_for_write(const Connection& connection) {
  if (!writers_.take(connection.remote_peer(), host_.env().clock.now())) {
    throw_error(Errc::kRateLimited, "what a peer wants stored");
  }
}

}  // namespace warren::kad
