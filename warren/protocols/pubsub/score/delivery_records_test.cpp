#include "warren/protocols/pubsub/score/delivery_records.hpp"

#include <doctest/doctest.h>

#include "warren/protocols/pubsub/score/test_peers.hpp"

using namespace warren;
using namespace warren::pubsub;
using testing::kStart;

TEST_CASE("a record lives so long from its beginning, whoever asks for it") {
  DeliveryRecords records(10s, 100);
  records.of("a", kStart).fate = Fate::kValid;
  records.of("b", kStart + 5s);
  CHECK(records.of("a", kStart + 9s).fate == Fate::kValid);
  records.forget_old(kStart + 9s);
  CHECK(records.size() == 2);
  records.forget_old(kStart + 10s);
  CHECK(records.size() == 1);
  CHECK(records.find("a") == nullptr);
  CHECK(records.of("a", kStart + 11s).fate == Fate::kOpen);
  records.forget_old(kStart + 1h);
  CHECK(records.size() == 0);
  records.of("c", kStart + 1h);
  CHECK(records.find("c") != nullptr);
}

TEST_CASE("there are never more records than allowed; the oldest go") {
  DeliveryRecords records(10s, 3);
  for (const char* id : {"a", "b", "c", "a", "d"}) records.of(id, kStart);
  CHECK(records.size() == 3);
  CHECK(records.find("a") == nullptr);
  CHECK(records.find("b") != nullptr);
  for (int i = 0; i < 1000; ++i) records.of(std::to_string(i), kStart);
  CHECK(records.size() == 3);
  CHECK(records.find("999") != nullptr);

  DeliveryRecords one(10s, 1);
  one.of("a", kStart);
  one.of("b", kStart);
  CHECK(one.find("b") != nullptr);
  CHECK(one.size() == 1);
}

TEST_CASE("who brought a message is remembered once, and not without end") {
  DeliveryRecord record;
  CHECK(record.add_bringer({1, 0}));
  CHECK_FALSE(record.add_bringer({1, 0}));
  CHECK(record.add_bringer({1, 1}));
  for (std::uint32_t slot = 2; slot < 1000; ++slot) record.add_bringer({slot, 0});
  CHECK(record.bringers.size() == DeliveryRecord::kBringersMax);
  record.forget_bringers();
  CHECK(record.add_bringer({1, 0}));
}
