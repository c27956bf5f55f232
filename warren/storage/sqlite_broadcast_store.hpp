// Broadcasts of reliable topics, in an SQLite file.
#pragma once

#include <memory>
#include <string>

#include "warren/core/broadcast_store.hpp"

namespace warren {

struct SqliteBroadcastStoreLimits {
  std::uint64_t bytes_max = 256 * 1024 * 1024;  // of envelopes
  std::uint64_t messages_max = 1'000'000;       // with those only remembered; some 150 bytes each
  std::uint64_t topics_max = 4096;
};

// Safe on several threads: calls take turns. A kill loses nothing; a power cut perhaps the last second: what
// was missed then is fetched again.
class SqliteBroadcastStore final : public BroadcastStore {
 public:
  // `path` as Database::open takes it. kStorage.
  static Result<std::unique_ptr<SqliteBroadcastStore>> open(const std::string& path,
                                                            SqliteBroadcastStoreLimits limits = {});
  ~SqliteBroadcastStore() override;

  Result<> put(const StoredBroadcast& message) override;
  Result<> forget(const std::string& topic, const BroadcastOrigin& origin, std::uint64_t seq) override;
  Result<std::vector<StoredBroadcast>> read(const std::string& topic, const BroadcastRange& range,
                                            std::size_t bytes_max) override;
  Result<std::vector<BroadcastRange>> seen(const std::string& topic) override;
  Result<WallTime> subscribed_since(const std::string& topic, WallTime now) override;
  Result<std::size_t> expire(WallTime now) override;
  Result<BroadcastUsage> usage() override;

 private:
  struct State;
  explicit SqliteBroadcastStore(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

}  // namespace warren
