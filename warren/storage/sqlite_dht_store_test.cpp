#include "warren/storage/sqlite_dht_store.hpp"

#include <doctest/doctest.h>

#include "warren/storage/database.hpp"
#include "warren/storage/test_dht_store_contract.hpp"
#include "warren/storage/test_folder.hpp"

namespace warren {
namespace {

using std::chrono::hours;
using testing::dht_peer;
using testing::dht_provider;
using testing::dht_record;
using testing::kDhtNow;

TEST_CASE("the DHT's store in a file keeps the contract") {
  testing::check_dht_store([](const testing::DhtStoreBounds& bounds) -> std::unique_ptr<DhtStore> {
    return value_or_throw(
        SqliteDhtStore::open(":memory:", {.records_max = bounds.records_max,
                                          .record_bytes_max = bounds.record_bytes_max,
                                          .entry_size_max = bounds.entry_size_max,
                                          .providers_max = bounds.providers_max,
                                          .providers_per_key_max = bounds.providers_per_key_max,
                                          .keys_per_provider_max = bounds.keys_per_provider_max,
                                          .peers_max = bounds.peers_max}));
  });
}

TEST_CASE("a DHT's store is the same after a restart") {
  const TemporaryFolder folder;
  {
    auto store = value_or_throw(SqliteDhtStore::open(folder.file("dht.db")));
    REQUIRE(store->put_record(dht_record(1, hours(1), true)));
    REQUIRE(store->put_record(dht_record(2, hours(1))));
    REQUIRE(store->put_provider(dht_provider(1, 7, hours(1), true)));
    REQUIRE(store->save_peers({dht_peer(3), dht_peer(4, 2)}));
  }
  auto store = value_or_throw(SqliteDhtStore::open(folder.file("dht.db"), {.records_max = 2}));
  CHECK(value_or_throw(store->usage()).records == 2);
  CHECK(value_or_throw(store->usage()).record_bytes == 10);
  CHECK(value_or_throw(store->usage()).providers == 1);
  CHECK(value_or_throw(store->own_records()).at(0).value == Bytes{1, 0, 1});
  CHECK(value_or_throw(store->own_providers()).at(0).provider.id == dht_peer(7).id);
  CHECK(value_or_throw(store->load_peers()).at(1).addresses == dht_peer(4, 2).addresses);
  // The bounds go on from what was found.
  REQUIRE(store->put_record(dht_record(3, hours(1))));
  CHECK(!testing::holds(*store, 2));
}

TEST_CASE("a record that is refused leaves the store as it was") {
  auto store = value_or_throw(SqliteDhtStore::open(":memory:", {.records_max = 1}));
  REQUIRE(store->put_record(dht_record(1, hours(1), true)));
  CHECK(store->put_record(dht_record(2, hours(1))).error() == Errc::kLimitReached);
  CHECK(value_or_throw(store->usage()).records == 1);
  CHECK(value_or_throw(store->usage()).record_bytes == 5);
  CHECK(testing::holds(*store, 1));
}

TEST_CASE("an entry that somebody edited is not believed") {
  const TemporaryFolder folder;
  {
    auto store = value_or_throw(SqliteDhtStore::open(folder.file("dht.db")));
    REQUIRE(store->save_peers({dht_peer(3)}));
  }
  {
    auto database = value_or_throw(Database::open(folder.file("dht.db"), {""}));
    REQUIRE(database.execute("UPDATE peer SET peer = x'00ff'"));
  }
  auto store = value_or_throw(SqliteDhtStore::open(folder.file("dht.db")));
  CHECK(store->load_peers().error() == Errc::kStorage);
}

}  // namespace
}  // namespace warren
