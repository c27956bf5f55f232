// What is known about peers. The interface turns an arrow round: protocols write to it, and the store lives
// in swarm/.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "warren/base/time.hpp"
#include "warren/core/stream.hpp"
#include "warren/crypto/peer_id.hpp"
#include "warren/crypto/peer_record.hpp"
#include "warren/multiformats/multiaddr.hpp"

namespace warren {

struct PeerInfo {
  PeerId id;
  std::vector<Multiaddr> addresses;  // without /p2p
};

// Where an address comes from, least trusted first.
enum class AddressSource { kReported, kIdentify, kPeerRecord, kConnected, kConfigured };

// One address of a peer, and what became of it so far.
struct KnownAddress {
  Multiaddr address;
  AddressSource source = AddressSource::kReported;
  Instant expires{};
  std::optional<Instant> last_success;  // when a connection to it was last made
  std::uint32_t failures = 0;           // dials that failed since then

  // How likely it leads to the peer, from 0 to 1: what the source is worth, more after a success, halved by
  // each failure since. Orders addresses; not a probability to calculate with.
  double confidence() const;
};

// What identify learned of a peer.
struct PeerDescription {
  std::vector<ProtocolId> protocols;
  std::string agent_version;
  std::string protocol_version;
};

class Peerstore {
 public:
  virtual ~Peerstore() = default;

  // Remembers addresses until `expires`; a longer life wins. What exceeds the bounds of the store is
  // forgotten, oldest first.
  virtual void add_addresses(const PeerId& peer, const std::vector<Multiaddr>& addresses,
                             AddressSource source, Instant expires) = 0;
  // Takes a verified record whose seq is newer than the one held; its addresses replace those of an older
  // record. False when it is older.
  virtual bool add_peer_record(const PeerRecord& record, Instant expires) = 0;
  virtual std::optional<std::uint64_t> peer_record_seq(const PeerId& peer) const = 0;

  // The peer's unexpired addresses, best first: by confidence, of equals the one that worked last.
  virtual std::vector<Multiaddr> addresses(const PeerId& peer, Instant now) const = 0;
  // The same, with what is known of each.
  virtual std::vector<KnownAddress> known_addresses(const PeerId& peer, Instant now) const = 0;
  // Takes note of how a dial of this address ended. Of no effect for an address that is not held.
  virtual void note_dial(const PeerId& peer, const Multiaddr& address, bool success, Instant now) = 0;

  virtual void set_description(const PeerId& peer, PeerDescription description) = 0;
  virtual std::optional<PeerDescription> description(const PeerId& peer) const = 0;

  // How to secure a pipe to this peer, where that is not what we would propose first.
  virtual void set_security(const PeerId& peer, ProtocolId security) = 0;
  virtual std::optional<ProtocolId> security(const PeerId& peer) const = 0;

  // Round trip time, smoothed over what is measured.
  virtual void note_latency(const PeerId& peer, Duration round_trip_time) = 0;
  virtual std::optional<Duration> latency(const PeerId& peer) const = 0;

  // The key behind the PeerID, where it is known; needed for those that do not inline it.
  virtual void set_key(const PublicKey& key) = 0;
  virtual std::optional<PublicKey> key(const PeerId& peer) const = 0;

  virtual std::vector<PeerId> peers() const = 0;
};

}  // namespace warren
