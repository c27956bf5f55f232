// Where the peerstore outlives the process. The interface turns an arrow round: the peerstore lives in
// swarm/, the file in storage/.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "warren/core/peerstore.hpp"

namespace warren {

// All that is kept of one peer. Times are wall times: the process that reads them has another clock.
struct ArchivedPeer {
  struct Address {
    Multiaddr address;
    AddressSource source = AddressSource::kReported;
    WallTime expires{};
    std::optional<WallTime> last_success;
    std::uint32_t failures = 0;
    bool operator==(const Address&) const = default;
  };
  PeerId id;
  std::vector<Address> addresses;
  std::optional<std::uint64_t> record_seq;
  std::optional<PeerDescription> description;
  std::optional<ProtocolId> security;
  std::optional<Duration> latency;
  std::optional<Bytes> public_key;  // libp2p's protobuf form
};

// Calls may block on the disk: make them on the offload pool. Any one thread at a time.
class PeerArchive {
 public:
  virtual ~PeerArchive() = default;

  // Replaces what is held of these peers and forgets those, in one transaction: all of it or nothing is on
  // disk when the process dies. kStorage.
  virtual Result<> write(const std::vector<ArchivedPeer>& changed, const std::vector<PeerId>& forgotten) = 0;

  // At most `limit` peers, those written last first. What cannot be read any more is left out. kStorage.
  virtual Result<std::vector<ArchivedPeer>> read(std::size_t limit) = 0;
};

}  // namespace warren
