#include "warren/sim/host.hpp"

#include <algorithm>

#include "warren/base/assert.hpp"
#include "warren/sim/host_link.hpp"

namespace warren::sim {

namespace {

// Connections used so lately are not closed to make room.
constexpr Duration kBusy = 5s;
// As long as identify believes an address.
constexpr Duration kAddressLife = std::chrono::hours(1);

enum HostHappening : std::uint64_t { kBorn = 16, kDied, kRevived };

}  // namespace

PlainHost::PlainHost(Crowd& crowd, const std::optional<PeerId>& named)
    : crowd_(crowd),
      number_(static_cast<std::uint32_t>(crowd.hosts_.size())),
      random_((crowd.options().seed + number_) * 0x2545f4914f6cdd1d),
      env_{.executor = crowd.loop().executor(),
           .clock = crowd.clock(),
           .random = random_,
           .network = *crowd.network_,
           .offload = crowd.offload_},
      named_(named.has_value()),
      peerstore_(crowd.directory()),
      tasks_(std::make_unique<TaskGroup>(env_.executor, "host")) {
  random_.fill(seed_);
  if (named) {
    peer_id_ = *named;
  } else {
    peer_id_ = PeerId::from_public_key(value_or_throw(PrivateKey::from_ed25519_seed(seed_)).public_key());
  }
  crowd.hosts_.push_back({.host = this, .ip = crowd.next_ip()});
  crowd.by_ip_.emplace(crowd.hosts_.back().ip, number_);
  crowd.trace(kBorn, number_);
}

PlainHost::~PlainHost() {
  WARREN_ASSERT(!alive_);
  crowd_.hosts_[number_].host = nullptr;
}

void PlainHost::die() {
  if (!std::exchange(alive_, false)) return;
  crowd_.trace(kDied, number_);
  for (const Linked& each : std::vector(links_)) PlainLink::close(each.link, each.side, true);
}

Task<void> PlainHost::close() {
  die();
  co_await tasks_->close();
}

void PlainHost::revive() {
  WARREN_ASSERT(!alive_);
  alive_ = true;
  crowd_.trace(kRevived, number_);
  tasks_ = std::make_unique<TaskGroup>(env_.executor, "host");
}

void PlainHost::meet(PlainHost& other) {
  PlainLink::open_and_close(crowd_, *this, other);
}

const PrivateKey& PlainHost::key() const {
  WARREN_ASSERT(!named_);
  if (!key_) key_ = std::make_unique<PrivateKey>(value_or_throw(PrivateKey::from_ed25519_seed(seed_)));
  return *key_;
}

void PlainHost::handle(ProtocolId protocol, StreamHandler handler) {
  unhandle(protocol);
  handlers_.emplace_back(std::move(protocol), std::move(handler));
}

void PlainHost::unhandle(const ProtocolId& protocol) {
  std::erase_if(handlers_, [&](const auto& each) { return each.first == protocol; });
}

std::vector<ProtocolId> PlainHost::protocols() const {
  std::vector<ProtocolId> names;
  for (const auto& [protocol, handler] : handlers_) names.push_back(protocol);
  return names;
}

const StreamHandler* PlainHost::handler(const ProtocolId& protocol) const {
  const auto found = std::ranges::find(handlers_, protocol, [](const auto& each) { return each.first; });
  return found == handlers_.end() || !alive_ ? nullptr : &found->second;
}

std::uint64_t PlainHost::tag_of(const PeerId& peer) {
  std::uint64_t tag = 0;
  const BytesView bytes = peer.bytes();
  for (const std::uint8_t byte : bytes.last(std::min<std::size_t>(bytes.size(), 8))) tag = tag << 8 | byte;
  return tag;
}

const PlainHost::Linked* PlainHost::linked(const PeerId& peer) const {
  const std::uint64_t tag = tag_of(peer);
  const auto is_to = [&](const Linked& each) {
    return each.tag == tag && each.link->peer_of(each.side) == peer;
  };
  const auto found = std::ranges::find_if(links_, is_to);
  return found == links_.end() ? nullptr : &*found;
}

Task<ConnectionPtr> PlainHost::connect(PeerInfo peer) {
  if (peer.id == peer_id_) throw_error(Errc::kSelfDial);
  if (const Linked* open = linked(peer.id)) co_return PlainLink::connection(open->link, open->side);
  std::ranges::copy(peerstore_.addresses(peer.id, crowd_.now()), std::back_inserter(peer.addresses));
  if (peer.addresses.empty()) throw_error(Errc::kNoAddresses);

  ++crowd_.counters().dials;
  const Instant deadline = crowd_.now() + crowd_.options().dial_limit;
  if (const auto number = crowd_.host_at(peer.addresses)) {
    const PlainHost* there = crowd_.host(*number);
    if (there != nullptr && there->alive_) {
      co_await env_.clock.sleep_for(crowd_.options().handshake_round_trips *
                                    crowd_.round_trip(number_, *number));
    }
    PlainHost* remote = crowd_.host(*number);  // it may have died meanwhile
    if (alive_ && remote != nullptr && remote->alive_) {
      if (remote->peer_id_ != peer.id) throw_error(Errc::kPeerIdMismatch);
      if (linked(peer.id) == nullptr) PlainLink::open(crowd_, *this, *remote);
      const Linked* open = linked(peer.id);
      if (open == nullptr) throw_error(Errc::kClosed);  // at once, by who was told of it
      co_return PlainLink::connection(open->link, open->side);
    }
  }
  ++crowd_.counters().dials_failed;
  co_await env_.clock.sleep_until(deadline);
  peerstore_.note_dial(peer.id, peer.addresses.front(), false, crowd_.now());
  throw_error(Errc::kTimedOut);
}

void PlainHost::enter(const LinkPtr& link) {
  // A host has no connection to itself, so the other side is somebody else.
  const std::size_t side = link->host_of(0) == number_ ? 0 : 1;
  const ConnectionPtr connection = PlainLink::connection(link, side);
  const PeerId& peer = connection->remote_peer();
  const Multiaddr address = connection->remote_address();
  const PlainHost* remote = crowd_.host(link->host_of(1 - side));
  links_.push_back({.link = link, .tag = tag_of(peer), .side = side});
  peerstore_.add_addresses(peer, {address}, AddressSource::kConnected, crowd_.now() + kAddressLife);
  peerstore_.note_dial(peer, address, true, crowd_.now());
  peerstore_.note_latency(peer, link->round_trip());
  peerstore_.set_description(peer, {.protocols = remote->protocols()});
  make_room();
  events_.connected.emit(connection);
}

void PlainHost::leave(const LinkPtr& link) {
  const auto found = std::ranges::find(links_, link, &Linked::link);
  const ConnectionPtr connection = PlainLink::connection(link, found->side);
  links_.erase(found);
  events_.disconnected.emit(connection);
}

void PlainHost::make_room() {
  if (links_.size() <= crowd_.options().connections_max) return;
  const Linked* oldest = nullptr;
  Instant oldest_use = crowd_.now() - kBusy;
  for (const Linked& each : links_) {
    const Instant used = each.link->last_used(each.side);
    if (used > oldest_use || is_protected(each.link->peer_of(each.side))) continue;
    oldest = &each;
    oldest_use = used;
  }
  if (oldest == nullptr) return;
  const Linked closing = *oldest;
  PlainLink::close(closing.link, closing.side, false);
}

std::vector<ConnectionPtr> PlainHost::connections(const PeerId& peer) const {
  const Linked* found = linked(peer);
  if (found == nullptr) return {};
  return {PlainLink::connection(found->link, found->side)};
}

std::vector<ConnectionPtr> PlainHost::connections() const {
  std::vector<ConnectionPtr> found;
  for (const Linked& each : links_) found.push_back(PlainLink::connection(each.link, each.side));
  return found;
}

Result<> PlainHost::protect(const PeerId& peer, std::string_view tag) {
  ++protected_[peer][std::string(tag)];
  return {};
}

bool PlainHost::unprotect(const PeerId& peer, std::string_view tag) {
  const auto entry = protected_.find(peer);
  if (entry == protected_.end()) return false;
  const auto count = entry->second.find(tag);
  if (count != entry->second.end() && --count->second <= 0) entry->second.erase(count);
  if (!entry->second.empty()) return true;
  protected_.erase(entry);
  return false;
}

}  // namespace warren::sim
