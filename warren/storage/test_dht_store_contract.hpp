// What every DhtStore does, run against each of them.
#pragma once

#include <doctest/doctest.h>

#include <functional>
#include <memory>

#include "warren/core/dht_store.hpp"

namespace warren::testing {

struct DhtStoreBounds {
  std::uint32_t records_max = 100;
  std::uint64_t record_bytes_max = 10'000;
  std::uint32_t entry_size_max = 1'000;
  std::uint32_t providers_max = 100;
  std::uint32_t providers_per_key_max = 50;
  std::uint32_t keys_per_provider_max = 50;
  std::uint32_t peers_max = 50;
};

using MakeDhtStore = std::function<std::unique_ptr<DhtStore>(const DhtStoreBounds&)>;

inline constexpr WallTime kDhtNow{std::chrono::milliseconds(1'700'000'000'000)};

inline PeerInfo dht_peer(std::uint8_t number, std::size_t addresses = 1) {
  Bytes multihash = {0x12, 0x20};
  multihash.resize(34, number);
  return {.id = value_or_throw(PeerId::from_bytes(multihash)),
          .addresses = std::vector(addresses, value_or_throw(Multiaddr::parse("/ip4/192.0.2.1/tcp/4001")))};
}

inline DhtRecord dht_record(std::uint8_t key, std::chrono::hours life, bool own = false) {
  return {.key = {0, key}, .value = {key, 0, 1}, .received = kDhtNow, .expires = kDhtNow + life, .own = own};
}

inline DhtProvider dht_provider(std::uint8_t key, std::uint8_t peer, std::chrono::hours life,
                                bool own = false) {
  return {.key = {0x12, key},
          .provider = dht_peer(peer),
          .received = kDhtNow + std::chrono::minutes(peer),
          .expires = kDhtNow + life,
          .own = own};
}

inline bool holds(DhtStore& store, std::uint8_t key) {
  return store.record(Bytes{0, key}, kDhtNow).has_value();
}

// The numbers of the peers that provide the key, in the store's order.
inline std::vector<int> providers_of(DhtStore& store, std::uint8_t key, WallTime now = kDhtNow) {
  std::vector<int> numbers;
  for (const DhtProvider& entry : value_or_throw(store.providers(Bytes{0x12, key}, now, 100))) {
    CHECK(entry.key == Bytes{0x12, key});
    numbers.push_back(entry.provider.id.bytes().back());
  }
  return numbers;
}

inline void check_records(const MakeDhtStore& make) {
  using std::chrono::hours;
  const auto store = make({});
  CHECK(store->record(Bytes{0, 1}, kDhtNow).error() == Errc::kNotFound);
  REQUIRE(store->put_record(dht_record(1, hours(1))));
  REQUIRE(store->put_record(dht_record(2, hours(2), true)));
  const DhtRecord found = value_or_throw(store->record(Bytes{0, 1}, kDhtNow));
  CHECK(found.key == Bytes{0, 1});
  CHECK(found.value == Bytes{1, 0, 1});
  CHECK(found.received == kDhtNow);
  CHECK(found.expires == kDhtNow + hours(1));
  CHECK(!found.own);
  CHECK(store->record(Bytes{0, 1}, kDhtNow + hours(1)).error() == Errc::kNotFound);

  DhtRecord newer = dht_record(1, hours(3));
  newer.value = {};
  REQUIRE(store->put_record(newer));
  CHECK(value_or_throw(store->record(Bytes{0, 1}, kDhtNow)).value.empty());
  auto own = value_or_throw(store->own_records());
  REQUIRE(own.size() == 1);
  CHECK(own[0].key == Bytes{0, 2});
  CHECK(value_or_throw(store->usage()).records == 2);
  CHECK(value_or_throw(store->usage()).record_bytes == 7);
  REQUIRE(store->disown(Bytes{0, 2}));
  CHECK(value_or_throw(store->own_records()).empty());
  CHECK(holds(*store, 2));

  CHECK(value_or_throw(store->expire(kDhtNow + hours(2))) == 1);
  CHECK(!holds(*store, 2));
  CHECK(value_or_throw(store->expire(kDhtNow + hours(3))) == 1);
  CHECK(value_or_throw(store->usage()).records == 0);
  CHECK(value_or_throw(store->usage()).record_bytes == 0);
}

inline void check_record_bounds(const MakeDhtStore& make) {
  using std::chrono::hours;
  const auto store = make({.records_max = 3, .record_bytes_max = 25, .entry_size_max = 20});
  REQUIRE(store->put_record(dht_record(1, hours(9), true)));
  REQUIRE(store->put_record(dht_record(2, hours(5))));
  REQUIRE(store->put_record(dht_record(3, hours(4))));
  REQUIRE(store->put_record(dht_record(3, hours(4))));  // replaced, not added
  CHECK(holds(*store, 2));
  REQUIRE(store->put_record(dht_record(4, hours(6))));
  CHECK(!holds(*store, 3));  // the first to expire
  CHECK(holds(*store, 2));

  DhtRecord large = dht_record(5, hours(7));
  large.value.resize(19);
  CHECK(store->put_record(large).error() == Errc::kLimitReached);
  large.value.resize(14);  // 16 in all, beside 5 of our own
  REQUIRE(store->put_record(large));
  CHECK(!holds(*store, 2));
  CHECK(value_or_throw(store->usage()).record_bytes <= 25);
  REQUIRE(store->put_record(dht_record(6, hours(1), true)));
  REQUIRE(store->put_record(dht_record(7, hours(1), true)));
  CHECK(!holds(*store, 5));
  CHECK(store->put_record(dht_record(8, hours(9))).error() == Errc::kLimitReached);
  CHECK(store->put_record(dht_record(9, hours(9), true)).error() == Errc::kLimitReached);
  CHECK(value_or_throw(store->own_records()).size() == 3);
  // An own one that has expired makes room.
  DhtRecord later = dht_record(8, hours(9));
  later.received = kDhtNow + hours(1);
  REQUIRE(store->put_record(later));
  CHECK(holds(*store, 8));
  CHECK(holds(*store, 1));
}

inline void check_providers(const MakeDhtStore& make) {
  using std::chrono::hours;
  const auto store = make({});
  CHECK(providers_of(*store, 1).empty());
  REQUIRE(store->put_provider(dht_provider(1, 10, hours(5))));
  REQUIRE(store->put_provider(dht_provider(1, 30, hours(2))));
  REQUIRE(store->put_provider(dht_provider(1, 20, hours(5), true)));
  REQUIRE(store->put_provider(dht_provider(2, 10, hours(5))));
  CHECK(providers_of(*store, 1) == std::vector{30, 20, 10});  // received last first
  CHECK(providers_of(*store, 1, kDhtNow + hours(2)) == std::vector{20, 10});
  CHECK(value_or_throw(store->providers(Bytes{0x12, 1}, kDhtNow, 1)).size() == 1);
  const DhtProvider found = value_or_throw(store->providers(Bytes{0x12, 2}, kDhtNow, 9)).at(0);
  CHECK(found.provider.addresses == dht_peer(10).addresses);
  CHECK(found.received == kDhtNow + std::chrono::minutes(10));
  CHECK(found.expires == kDhtNow + hours(5));

  DhtProvider again = dht_provider(1, 10, hours(5));
  again.provider = dht_peer(10, 3);
  again.received += hours(1);
  REQUIRE(store->put_provider(again));
  CHECK(providers_of(*store, 1) == std::vector{10, 30, 20});
  CHECK(value_or_throw(store->providers(Bytes{0x12, 1}, kDhtNow, 1))[0].provider.addresses.size() == 3);
  again.provider = dht_peer(10, 100);
  REQUIRE(store->put_provider(again));
  CHECK(value_or_throw(store->providers(Bytes{0x12, 1}, kDhtNow, 1))[0].provider.addresses.size() == 32);
  CHECK(value_or_throw(store->usage()).providers == 4);

  REQUIRE(value_or_throw(store->own_providers()).size() == 1);
  // Our own word holds until it is taken back: what is too old to be served is there to be renewed.
  CHECK(value_or_throw(store->expire(kDhtNow + hours(5))) == 3);
  CHECK(value_or_throw(store->own_providers()).size() == 1);
  CHECK(providers_of(*store, 1, kDhtNow + hours(5)).empty());
  REQUIRE(store->disown(Bytes{0x12, 1}));
  CHECK(value_or_throw(store->own_providers()).empty());
  CHECK(value_or_throw(store->expire(kDhtNow + hours(5))) == 1);
  CHECK(value_or_throw(store->usage()).providers == 0);
}

inline void check_provider_bounds(const MakeDhtStore& make) {
  using std::chrono::hours;
  const auto store = make({.providers_max = 5, .providers_per_key_max = 3, .keys_per_provider_max = 2});
  for (std::uint8_t peer = 1; peer <= 3; ++peer)
    REQUIRE(store->put_provider(dht_provider(1, peer, hours(10 + peer))));
  CHECK(store->put_provider(dht_provider(1, 4, hours(99))).error() == Errc::kLimitReached);
  REQUIRE(store->put_provider(dht_provider(1, 2, hours(12))));  // replaced
  REQUIRE(store->put_provider(dht_provider(1, 9, hours(5), true)));
  CHECK(providers_of(*store, 1) == std::vector{9, 3, 2});
  DhtProvider later = dht_provider(1, 4, hours(99));
  later.received = kDhtNow + hours(12);
  REQUIRE(store->put_provider(later));
  CHECK(providers_of(*store, 1, kDhtNow) == std::vector{4, 9, 3});  // the expired has gone

  REQUIRE(store->put_provider(dht_provider(2, 4, hours(20))));
  CHECK(store->put_provider(dht_provider(3, 4, hours(20))).error() == Errc::kLimitReached);
  REQUIRE(store->put_provider(dht_provider(3, 5, hours(20))));
  REQUIRE(store->put_provider(dht_provider(4, 6, hours(20))));  // the sixth
  CHECK(value_or_throw(store->usage()).providers == 5);
  CHECK(providers_of(*store, 1) == std::vector{4, 9});  // of 13 h; our own of 5 h stays
}

inline void check_peers(const MakeDhtStore& make) {
  const auto store = make({.peers_max = 3});
  CHECK(value_or_throw(store->load_peers()).empty());
  REQUIRE(store->save_peers({dht_peer(5, 2), dht_peer(1, 0)}));
  auto peers = value_or_throw(store->load_peers());
  REQUIRE(peers.size() == 2);
  CHECK(peers[0].id == dht_peer(5).id);
  CHECK(peers[0].addresses == dht_peer(5, 2).addresses);
  CHECK(peers[1].id == dht_peer(1).id);
  CHECK(peers[1].addresses.empty());
  REQUIRE(store->save_peers({dht_peer(9, 50), dht_peer(8), dht_peer(7), dht_peer(6)}));
  peers = value_or_throw(store->load_peers());
  REQUIRE(peers.size() == 3);
  CHECK(peers[0].addresses.size() == 32);
  REQUIRE(store->save_peers({}));
  CHECK(value_or_throw(store->load_peers()).empty());
}

inline void check_dht_store(const MakeDhtStore& make) {
  check_records(make);
  check_record_bounds(make);
  check_providers(make);
  check_provider_bounds(make);
  check_peers(make);
}

}  // namespace warren::testing
