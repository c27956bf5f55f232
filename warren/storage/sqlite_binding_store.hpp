// Verified bindings in an SQLite file, so that a binding's serial never goes backwards, not even over a
// restart.
#pragma once

#include <memory>
#include <string>

#include "warren/core/binding_store.hpp"

namespace warren {

struct BindingStoreLimits {
  // Some 500 bytes each.
  std::uint64_t bindings_max = 100'000;
};

// Safe on several threads: calls take turns.
class SqliteBindingStore final : public BindingStore {
 public:
  // `path` as Database::open takes it. kStorage.
  static Result<std::unique_ptr<SqliteBindingStore>> open(const std::string& path,
                                                          BindingStoreLimits limits = {});
  ~SqliteBindingStore() override;

  Result<> put(const StoredBinding& binding, WallTime now) override;
  Result<StoredBinding> find(const NodeId& node) override;
  Result<StoredBinding> find(const PeerId& peer) override;

 private:
  struct State;
  explicit SqliteBindingStore(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

}  // namespace warren
