// What a DHT keeps, in an SQLite file: one file for each DHT instance.
#pragma once

#include <memory>
#include <string>

#include "warren/core/dht_store.hpp"

namespace warren {

struct SqliteDhtStoreLimits {
  std::uint32_t records_max = 100'000;
  std::uint64_t record_bytes_max = 64 * 1024 * 1024;  // keys and values
  std::uint32_t entry_size_max = 65 * 1024;           // of one record: a key and a value
  std::uint32_t providers_max = 200'000;              // some 300 bytes each
  std::uint32_t providers_per_key_max = 500;
  std::uint32_t keys_per_provider_max = 20'000;  // one peer does not push out the others
  std::uint32_t peers_max = 1'000;               // of the routing table; 20 a bucket, 15 buckets in use
  std::uint32_t addresses_max = 32;              // of one provider or peer; further ones are dropped
};

// Safe on several threads: calls take turns. A kill loses nothing; a power cut perhaps the last second, since
// what a DHT holds for others is published again, and syncing each record would cost more than it is worth.
class SqliteDhtStore final : public DhtStore {
 public:
  // `path` as Database::open takes it. kStorage.
  static Result<std::unique_ptr<SqliteDhtStore>> open(const std::string& path,
                                                      SqliteDhtStoreLimits limits = {});
  ~SqliteDhtStore() override;

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
  struct State;
  explicit SqliteDhtStore(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

}  // namespace warren
