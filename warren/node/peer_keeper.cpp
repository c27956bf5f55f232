#include "warren/node/peer_keeper.hpp"

#include <ranges>

#include "warren/base/log.hpp"

namespace warren {

namespace {

// What an archive says of times is believed within this of now: somebody may have set a clock.
constexpr Duration kTimeMax = std::chrono::days(366);

// The same moment on both clocks.
struct Moment {
  explicit Moment(Clock& clock) : instant(clock.now()), wall(clock.wall_now()) {}

  WallTime to_wall(Instant time) const {
    const Duration away = std::clamp<Duration>(time - instant, -kTimeMax, kTimeMax);
    return wall + std::chrono::duration_cast<std::chrono::milliseconds>(away);
  }
  Instant to_instant(WallTime time) const {
    if (time > wall + kTimeMax) return instant + kTimeMax;
    if (time < wall - kTimeMax) return instant - kTimeMax;
    return instant + (time - wall);
  }

  Instant instant;
  WallTime wall;
};

// Takes all but the name.
ArchivedPeer to_archive(KnownPeer& peer, const Moment& now) {
  ArchivedPeer archived;
  archived.id = peer.id;
  for (KnownAddress& known : peer.addresses) {
    ArchivedPeer::Address address{.address = std::move(known.address),
                                  .source = known.source,
                                  .expires = now.to_wall(known.expires),
                                  .last_success = std::nullopt,
                                  .failures = known.failures};
    if (known.last_success) address.last_success = now.to_wall(*known.last_success);
    archived.addresses.push_back(std::move(address));
  }
  archived.record_seq = peer.record_seq;
  archived.description = std::move(peer.description);
  archived.security = std::move(peer.security);
  archived.latency = peer.latency;
  if (peer.key) archived.public_key = peer.key->to_protobuf();
  return archived;
}

// std::nullopt: it has expired and never worked lately.
std::optional<KnownAddress> from_archive(const ArchivedPeer::Address& archived, const Moment& now) {
  KnownAddress address{.address = archived.address,
                       .source = archived.source,
                       .expires = now.to_instant(archived.expires),
                       .last_success = std::nullopt,
                       .failures = archived.failures};
  if (archived.last_success)
    address.last_success = std::min(now.to_instant(*archived.last_success), now.instant);
  if (address.expires > now.instant) return address;
  const bool worked =
      address.last_success && now.instant - *address.last_success < MemoryPeerstore::kWorkedLife;
  if (!worked) return std::nullopt;
  address.expires = now.instant + PeerKeeper::kSecondLife;
  return address;
}

KnownPeer from_archive(ArchivedPeer archived, const Moment& now) {
  KnownPeer peer;
  peer.id = archived.id;
  for (const auto& address : archived.addresses) {
    if (auto known = from_archive(address, now)) peer.addresses.push_back(std::move(*known));
  }
  peer.record_seq = archived.record_seq;
  peer.description = std::move(archived.description);
  peer.security = std::move(archived.security);
  peer.latency = archived.latency;
  if (archived.public_key) {
    auto key = PublicKey::from_protobuf(*archived.public_key);
    if (key && archived.id.matches(*key)) peer.key = std::move(*key);
  }
  return peer;
}

}  // namespace

PeerKeeper::PeerKeeper(Host& host, MemoryPeerstore& peerstore, PeerArchive& archive)
    : host_(host), peerstore_(peerstore), archive_(archive), tasks_(host.env().executor, "peer_keeper") {}

Task<void> PeerKeeper::restore() {
  auto read = [archive = &archive_, max = peerstore_.peers_max()] { return archive->read(max); };
  auto archived = co_await host_.env().offload.run(std::move(read));
  if (!archived) {
    log::warning("node", "the peers of an earlier run cannot be read: " + archived.error().message());
    co_return;
  }
  const Moment now(host_.env().clock);
  for (ArchivedPeer& each : *archived | std::views::reverse) {
    KnownPeer peer = from_archive(std::move(each), now);
    if (peer.id == host_.peer_id() || peer.addresses.empty()) {
      outdated_.push_back(peer.id);
      continue;
    }
    peerstore_.restore(std::move(peer));
    ++restored_;
  }
}

void PeerKeeper::start() {
  tasks_.spawn(keep());
}

Task<void> PeerKeeper::close() {
  if (tasks_.closed()) co_return;
  co_await tasks_.close();
  co_await flush();
}

Task<void> PeerKeeper::keep() {
  Clock& clock = host_.env().clock;
  Instant tidied = clock.now();
  while (true) {
    co_await clock.sleep_for(kWriteInterval);
    if (clock.now() - tidied >= kTidyInterval) {
      tidied = clock.now();
      tidy();
    }
    co_await flush();
  }
}

void PeerKeeper::tidy() {
  peerstore_.expire(host_.env().clock.now());
  for (const ConnectionPtr& connection : host_.connections()) {
    if (const Duration measured = connection->round_trip_time(); measured > Duration::zero())
      peerstore_.note_latency(connection->remote_peer(), measured);
  }
}

Task<void> PeerKeeper::flush() {
  while (true) {
    PeerChanges changes = peerstore_.take_changes(kBatch);
    if (changes.empty() && outdated_.empty()) co_return;
    const Moment now(host_.env().clock);
    std::vector<ArchivedPeer> changed;
    for (KnownPeer& peer : changes.changed) changed.push_back(to_archive(peer, now));
    std::vector<PeerId> forgotten = std::exchange(outdated_, {});
    forgotten.insert(forgotten.end(), changes.forgotten.begin(), changes.forgotten.end());
    auto write = [archive = &archive_, changed = std::move(changed), forgotten = std::move(forgotten)] {
      return archive->write(changed, forgotten);
    };
    const auto written = co_await host_.env().offload.run(std::move(write));
    if (!written) {
      if (!std::exchange(failing_, true))
        log::warning("node", "peers cannot be written down: " + written.error().message());
      peerstore_.give_back(changes);
      co_return;
    }
    failing_ = false;
  }
}

std::vector<PeerInfo> known_good_peers(const Peerstore& peerstore, Instant now, std::size_t max) {
  std::vector<std::pair<Instant, PeerInfo>> known;
  for (const PeerId& peer : peerstore.peers()) {
    PeerInfo info{peer, {}};
    Instant latest = Instant::min();
    for (KnownAddress& each : peerstore.known_addresses(peer, now)) {
      if (!each.last_success) continue;
      latest = std::max(latest, *each.last_success);
      info.addresses.push_back(std::move(each.address));
    }
    if (!info.addresses.empty()) known.emplace_back(latest, std::move(info));
  }
  std::ranges::stable_sort(known, std::ranges::greater(), &std::pair<Instant, PeerInfo>::first);
  if (known.size() > max) known.resize(max);
  std::vector<PeerInfo> peers;
  for (auto& [latest, info] : known) peers.push_back(std::move(info));
  return peers;
}

}  // namespace warren
