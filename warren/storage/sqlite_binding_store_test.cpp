#include "warren/storage/sqlite_binding_store.hpp"

#include <doctest/doctest.h>

#include "warren/storage/test_folder.hpp"
#include "warren/storage/test_names.hpp"

namespace warren {
namespace {

StoredBinding binding(int node, std::uint8_t peer, std::uint64_t serial,
                      std::chrono::hours life = std::chrono::hours(24)) {
  return {.node = some_node(node),
          .peer = some_peer(peer),
          .serial = serial,
          .not_after = kNow + life,
          .signed_binding = {peer, 0, 7}};
}

TEST_CASE("a binding is found by either name") {
  auto store = value_or_throw(SqliteBindingStore::open(":memory:"));
  CHECK(store->find(some_node(0)).error() == Errc::kNotFound);
  CHECK(store->find(some_peer(1)).error() == Errc::kNotFound);
  REQUIRE(store->put(binding(0, 1, UINT64_MAX), kNow));

  const StoredBinding found = value_or_throw(store->find(some_node(0)));
  CHECK(found.node == some_node(0));
  CHECK(found.peer == some_peer(1));
  CHECK(found.serial == UINT64_MAX);
  CHECK(found.not_after == kNow + std::chrono::hours(24));
  CHECK(found.signed_binding == Bytes{1, 0, 7});
  CHECK(value_or_throw(store->find(some_peer(1))).node == some_node(0));
}

TEST_CASE("a serial never goes backwards, not even over a restart") {
  const TemporaryFolder folder;
  for (int round = 0; round < 2; ++round) {
    auto store = value_or_throw(SqliteBindingStore::open(folder.file("bindings.db")));
    CHECK(store->put(binding(0, 1, 256), kNow));
    CHECK(store->put(binding(0, 1, 256), kNow));
    CHECK(store->put(binding(0, 2, 255), kNow).error() == Errc::kStaleBinding);
    CHECK(value_or_throw(store->find(some_node(0))).peer == some_peer(1));
  }
  auto store = value_or_throw(SqliteBindingStore::open(folder.file("bindings.db")));
  CHECK(store->put(binding(0, 2, 257), kNow));
  CHECK(value_or_throw(store->find(some_node(0))).peer == some_peer(2));
  CHECK(store->find(some_peer(1)).error() == Errc::kNotFound);
}

TEST_CASE("of two nodes that name one peer the last stored is found") {
  auto store = value_or_throw(SqliteBindingStore::open(":memory:"));
  CHECK(store->put(binding(0, 1, 5), kNow));
  CHECK(store->put(binding(1, 1, 3), kNow));
  CHECK(value_or_throw(store->find(some_peer(1))).node == some_node(1));
  CHECK(store->put(binding(0, 1, 5), kNow));
  CHECK(value_or_throw(store->find(some_peer(1))).node == some_node(0));
}

TEST_CASE("over the bound the expired go first, then the oldest") {
  auto store = value_or_throw(SqliteBindingStore::open(":memory:", {.bindings_max = 3}));
  CHECK(store->put(binding(0, 1, 1), kNow));
  CHECK(store->put(binding(1, 2, 1), kNow));
  CHECK(store->put(binding(2, 3, 1, std::chrono::hours(-2)), kNow));
  CHECK(store->put(binding(3, 4, 1), kNow));
  CHECK(store->find(some_node(2)).error() == Errc::kNotFound);
  CHECK(store->put(binding(0, 1, 1), kNow));  // seen again: no longer the oldest
  CHECK(store->put(binding(4, 5, 1), kNow));
  CHECK(store->find(some_node(1)).error() == Errc::kNotFound);
  CHECK(store->find(some_node(0)));
  CHECK(store->find(some_node(3)));
  CHECK(store->find(some_node(4)));
}

}  // namespace
}  // namespace warren
