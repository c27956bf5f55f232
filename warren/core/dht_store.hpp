// What one DHT instance keeps for others and for its own next start: value records, providers, and the peers
// of its routing table. The interface turns an arrow round: the protocol lives in protocols/kad, the file in
// storage/.
#pragma once

#include <optional>
#include <vector>

#include "warren/base/bytes.hpp"
#include "warren/base/time.hpp"
#include "warren/core/peerstore.hpp"

namespace warren {

// A value under a key, as a peer brought it, or as this node published it.
struct DhtRecord {
  Bytes key;
  Bytes value;
  WallTime received{};
  WallTime expires{};
  bool own = false;  // published by this node: republished by it, and never dropped for another's
};

// Who says that it has what the key stands for.
struct DhtProvider {
  Bytes key;  // a multihash
  PeerInfo provider;
  WallTime received{};
  WallTime expires{};
  bool own = false;
};

// Bounded by count and bytes; when full, the expired go first, then the others' that expire first. Calls may
// block on the disk: make them on the offload pool. Any one thread at a time.
class DhtStore {
 public:
  virtual ~DhtStore() = default;

  // Replaces the record under its key. kLimitReached: no room (a single value over the bound, or all are our
  // own); kStorage.
  virtual Result<> put_record(const DhtRecord& record) = 0;
  // Unexpired ones only. kNotFound, kStorage.
  virtual Result<DhtRecord> record(BytesView key, WallTime now) = 0;
  virtual Result<std::vector<DhtRecord>> own_records() = 0;

  // Replaces the provider's entry under the key. kLimitReached: too many for this key; kStorage.
  virtual Result<> put_provider(const DhtProvider& provider) = 0;
  // Unexpired ones, those received last first.
  virtual Result<std::vector<DhtProvider>> providers(BytesView key, WallTime now, std::size_t limit) = 0;
  virtual Result<std::vector<DhtProvider>> own_providers() = 0;

  // No longer ours to republish; what is held lives until it expires.
  virtual Result<> disown(BytesView key) = 0;

  // Drops what has expired. Returns how many entries.
  virtual Result<std::size_t> expire(WallTime now) = 0;

  // The routing table, to begin with after a restart.
  virtual Result<> save_peers(const std::vector<PeerInfo>& peers) = 0;
  virtual Result<std::vector<PeerInfo>> load_peers() = 0;

  struct Usage {
    std::uint64_t records = 0, record_bytes = 0, providers = 0;
  };
  virtual Result<Usage> usage() = 0;
};

}  // namespace warren
