// What is known about peers. The interface turns an arrow round: protocols write to it, and the store lives
// in swarm/.
#pragma once

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

  // The peer's unexpired addresses, most trusted first.
  virtual std::vector<Multiaddr> addresses(const PeerId& peer, Instant now) const = 0;

  virtual void set_description(const PeerId& peer, PeerDescription description) = 0;
  virtual std::optional<PeerDescription> description(const PeerId& peer) const = 0;

  // How to secure a pipe to this peer, where that is not what we would propose first.
  virtual void set_security(const PeerId& peer, ProtocolId security) = 0;
  virtual std::optional<ProtocolId> security(const PeerId& peer) const = 0;

  virtual std::vector<PeerId> peers() const = 0;
};

}  // namespace warren
