// A DHT's store in memory, for nodes without a disk and for simulations.
#pragma once

#include <map>

#include "warren/core/dht_store.hpp"

namespace warren::kad {

struct MemoryStoreLimits {
  std::size_t records_max = 1024;
  std::size_t record_bytes_max = 8 * 1024 * 1024;
  std::size_t provider_keys_max = 4096;
  std::size_t providers_per_key_max = 256;
};

class MemoryDhtStore final : public DhtStore {
 public:
  explicit MemoryDhtStore(MemoryStoreLimits limits = {}) : limits_(limits) {}

  Result<> put_record(const DhtRecord& record) override;
  Result<DhtRecord> record(BytesView key, WallTime now) override;
  Result<std::vector<DhtRecord>> own_records() override;
  Result<> put_provider(const DhtProvider& provider) override;
  Result<std::vector<DhtProvider>> providers(BytesView key, WallTime now, std::size_t limit) override;
  Result<std::vector<DhtProvider>> own_providers() override;
  Result<> disown(BytesView key) override;
  Result<std::size_t> expire(WallTime now) override;
  Result<> save_peers(const std::vector<PeerInfo>& peers) override;
  Result<std::vector<PeerInfo>> load_peers() override { return peers_; }
  Result<Usage> usage() override;

 private:
  // Makes room by dropping others' records that expire first. False when there is none.
  bool make_room(std::size_t bytes);

  MemoryStoreLimits limits_;
  std::map<Bytes, DhtRecord> records_;
  std::size_t record_bytes_ = 0;
  std::map<Bytes, std::vector<DhtProvider>> providers_;  // those received last come last
  std::vector<PeerInfo> peers_;
};

}  // namespace warren::kad
