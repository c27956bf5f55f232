#include "warren/protocols/kad/wire/memory_dht_store.hpp"

#include <doctest/doctest.h>

#include "warren/storage/test_dht_store_contract.hpp"

namespace warren::kad {
namespace {

TEST_CASE("the store in memory keeps the contract") {
  testing::check_dht_store([](const testing::DhtStoreBounds& bounds) {
    return std::make_unique<MemoryDhtStore>(
        MemoryStoreLimits{.records_max = bounds.records_max,
                          .record_bytes_max = bounds.record_bytes_max,
                          .entry_size_max = bounds.entry_size_max,
                          .providers_max = bounds.providers_max,
                          .providers_per_key_max = bounds.providers_per_key_max,
                          .keys_per_provider_max = bounds.keys_per_provider_max,
                          .peers_max = bounds.peers_max});
  });
}

TEST_CASE("an empty store is small") {
  CHECK(sizeof(MemoryDhtStore) < 100);
  MemoryDhtStore store;
  CHECK(value_or_throw(store.expire(testing::kDhtNow)) == 0);
  CHECK(store.disown(Bytes{1}));
  CHECK(value_or_throw(store.own_records()).empty());
}

}  // namespace
}  // namespace warren::kad
