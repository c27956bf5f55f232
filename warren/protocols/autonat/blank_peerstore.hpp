// A peerstore that remembers nothing: what is dialed is what is asked for, and never what somebody said
// earlier. For the host that dials back (server.hpp), and has nothing to gain from knowing anybody.
#pragma once

#include "warren/core/peerstore.hpp"

namespace warren::autonat {

class BlankPeerstore final : public Peerstore {
 public:
  void add_addresses(const PeerId&, const std::vector<Multiaddr>&, AddressSource, Instant) override {}
  bool add_peer_record(const PeerRecord&, Instant) override { return false; }
  std::optional<std::uint64_t> peer_record_seq(const PeerId&) const override { return std::nullopt; }
  std::vector<Multiaddr> addresses(const PeerId&, Instant) const override { return {}; }
  std::vector<KnownAddress> known_addresses(const PeerId&, Instant) const override { return {}; }
  void note_dial(const PeerId&, const Multiaddr&, bool, Instant) override {}
  void set_description(const PeerId&, PeerDescription) override {}
  std::optional<PeerDescription> description(const PeerId&) const override { return std::nullopt; }
  void set_security(const PeerId&, ProtocolId) override {}
  std::optional<ProtocolId> security(const PeerId&) const override { return std::nullopt; }
  void note_latency(const PeerId&, Duration) override {}
  std::optional<Duration> latency(const PeerId&) const override { return std::nullopt; }
  void set_key(const PublicKey&) override {}
  std::optional<PublicKey> key(const PeerId& peer) const override { return peer.public_key(); }
  std::vector<PeerId> peers() const override { return {}; }
};

}  // namespace warren::autonat
