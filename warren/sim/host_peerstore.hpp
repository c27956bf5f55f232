// What one of thousands of hosts knows of others: numbers into the crowd's directory, in two sorted vectors
// of a bounded size.
#pragma once

#include <vector>

#include "warren/core/peerstore.hpp"
#include "warren/sim/directory.hpp"

namespace warren::sim {

class CompactPeerstore final : public Peerstore {
 public:
  // When more than so many addresses are held, the quarter that was not touched for longest goes.
  static constexpr std::size_t kAddressesMax = 768;

  explicit CompactPeerstore(Directory& directory) : directory_(directory) {}

  void add_addresses(const PeerId& peer, const std::vector<Multiaddr>& addresses, AddressSource source,
                     Instant expires) override;
  bool add_peer_record(const PeerRecord& record, Instant expires) override;
  std::optional<std::uint64_t> peer_record_seq(const PeerId& peer) const override;
  std::vector<Multiaddr> addresses(const PeerId& peer, Instant now) const override;
  std::vector<KnownAddress> known_addresses(const PeerId& peer, Instant now) const override;
  void note_dial(const PeerId& peer, const Multiaddr& address, bool success, Instant now) override;
  void set_description(const PeerId& peer, PeerDescription description) override;
  std::optional<PeerDescription> description(const PeerId& peer) const override;
  // One security for all: nothing is kept.
  void set_security(const PeerId&, ProtocolId) override {}
  std::optional<ProtocolId> security(const PeerId&) const override { return std::nullopt; }
  void note_latency(const PeerId& peer, Duration round_trip_time) override;
  std::optional<Duration> latency(const PeerId& peer) const override;
  // Only keys that the name holds.
  void set_key(const PublicKey&) override {}
  std::optional<PublicKey> key(const PeerId& peer) const override { return peer.public_key(); }
  std::vector<PeerId> peers() const override;

 private:
  struct Held {
    std::uint32_t peer = 0;
    std::uint32_t address = 0;
    std::uint32_t touched = 0;
    std::uint32_t expires = 0;       // seconds
    std::uint32_t last_success = 0;  // seconds; 0: never
    AddressSource source = AddressSource::kReported;
    std::uint8_t failures = 0;
  };
  struct Note {
    static constexpr std::uint32_t kNone = ~std::uint32_t{0};
    std::uint32_t peer = 0;
    std::uint32_t description = kNone;
    std::uint32_t latency = kNone;  // microseconds
    std::uint32_t touched = 0;
    std::optional<std::uint64_t> seq;  // of its peer record
  };

  void add(std::uint32_t peer, const Multiaddr& address, AddressSource source, Instant expires);
  Note& note(const PeerId& peer);
  const Note* find_note(const PeerId& peer) const;
  std::span<const Held> held(const PeerId& peer) const;

  Directory& directory_;
  std::vector<Held> held_;   // by peer and address
  std::vector<Note> notes_;  // by peer
  std::uint32_t clock_ = 0;
};

}  // namespace warren::sim
