// The DHT's store without a file: for nodes that keep nothing, and for simulations of thousands, where an
// empty one takes less than 100 bytes.
#pragma once

#include <memory>

#include "warren/core/dht_store.hpp"

namespace warren::kad {

struct MemoryStoreLimits {
  std::uint32_t records_max = 10'000;
  std::uint64_t record_bytes_max = 16 * 1024 * 1024;  // keys and values
  std::uint32_t entry_size_max = 65 * 1024;           // of one record: a key and a value
  std::uint32_t providers_max = 20'000;               // some 500 bytes each
  std::uint32_t providers_per_key_max = 200;
  std::uint32_t keys_per_provider_max = 5'000;  // one peer does not push out the others
  std::uint32_t peers_max = 1'000;              // of the routing table; 20 a bucket, 15 buckets in use
};

// Addresses per provider and peer over kPeerAddressesMax are dropped.
class MemoryDhtStore final : public DhtStore {
 public:
  explicit MemoryDhtStore(MemoryStoreLimits limits = {});
  ~MemoryDhtStore() override;

  Result<> put_record(const DhtRecord& record) override;
  Result<DhtRecord> record(BytesView key, WallTime now) override;
  Result<std::vector<DhtRecord>> own_records() override;
  Result<> put_provider(const DhtProvider& provider) override;
  Result<std::vector<DhtProvider>> providers(BytesView key, WallTime now, std::size_t limit) override;
  Result<std::vector<DhtProvider>> own_providers() override;
  Result<> disown(BytesView key) override;
  Result<std::size_t> expire(WallTime now) override;
  Result<> save_peers(const std::vector<PeerInfo>& peers) override;
  Result<std::vector<PeerInfo>> load_peers() override;
  Result<Usage> usage() override;

 private:
  struct Contents;
  Contents& contents();  // made when first needed

  MemoryStoreLimits limits_;
  std::unique_ptr<Contents> contents_;
};

}  // namespace warren::kad
