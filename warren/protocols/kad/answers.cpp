#include "warren/protocols/kad/answers.hpp"

#include <algorithm>

#include "warren/base/varint.hpp"
#include "warren/protocols/kad/address_policy.hpp"
#include "warren/protocols/kad/limits.hpp"

namespace warren::kad {

namespace {

void check_key(const Bytes& key, std::size_t size_max) {
  if (key.empty() || key.size() > size_max) throw_error(Errc::kMalformed, "key");
}

}  // namespace

Answers::Answers(Host& host, const Config& config, Members& members, Records& records)
    : host_(host),
      config_(config),
      members_(members),
      records_(records),
      writers_(kWritesPerSecond, kWritesBurst, kWritersMax) {}

Task<void> Answers::append_answer(const ConnectionPtr& connection, BytesView bytes, Bytes& to) {
  Message request = value_or_throw(Message::decode(bytes));
  Message answer;
  switch (request.type) {
    case MessageType::kFindNode: answer = find_node(*connection, request); break;
    case MessageType::kGetValue: answer = co_await get_value(connection, std::move(request)); break;
    case MessageType::kPutValue: answer = co_await put_value(connection, std::move(request)); break;
    case MessageType::kGetProviders: answer = co_await get_providers(connection, std::move(request)); break;
    case MessageType::kAddProvider: co_await add_provider(connection, std::move(request)); co_return;
    // Only its type comes back: the rest is nothing we vouch for.
    case MessageType::kPing: answer.type = MessageType::kPing; break;
  }
  const Bytes encoded = answer.encode();
  append_varint(to, encoded.size());
  append(to, encoded);
}

Message Answers::find_node(const Connection& connection, const Message& request) {
  check_key(request.key, kKeySizeMax);
  Message answer{.type = MessageType::kFindNode, .closer = closer_peers(connection, request.key)};
  // Whoever is looked for is told whenever he is known, a client too: clients are in no routing table.
  const auto target = PeerId::from_bytes(request.key);
  if (!target || !is_known(*target)) return answer;
  if (std::ranges::find(answer.closer, *target, &PeerInfo::id) != answer.closer.end()) return answer;
  PeerInfo found = told(*target, distance_to(connection));
  if (!found.addresses.empty()) answer.closer.insert(answer.closer.begin(), std::move(found));
  return answer;
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
    PeerInfo known = told(provider.id, distance_to(*connection));
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
    PeerInfo info = told(peer, scope);
    if (!info.addresses.empty()) closer.push_back(std::move(info));
  }
  return closer;
}

PeerInfo Answers::told(const PeerId& peer, AddressScope scope) const {
  std::vector<Multiaddr> known = peer == host_.peer_id()
                                     ? host_.addresses()
                                     : host_.peerstore().addresses(peer, host_.env().clock.now());
  PeerInfo info{peer, allowed(config_.filter, scope, std::move(known))};
  if (info.addresses.size() > kAddressesToldMax) info.addresses.resize(kAddressesToldMax);
  return info;
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
