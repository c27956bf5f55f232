#include "warren/storage/database.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

#include "warren/storage/test_folder.hpp"

namespace warren {
namespace {

const std::vector<std::string> kFirst = {"CREATE TABLE t (a INTEGER PRIMARY KEY, b BLOB UNIQUE)"};

TEST_CASE("rows come back as they were stored") {
  auto database = Database::open(":memory:", kFirst);
  REQUIRE(database);
  auto insert = database->prepare("INSERT INTO t VALUES (?, ?)");
  auto select = database->prepare("SELECT a, b FROM t ORDER BY a");
  REQUIRE(insert);
  REQUIRE(select);
  CHECK(insert->bind(1, 7).bind(2, Bytes{0, 1, 0}).run().value() == 1);
  CHECK(insert->bind(1, -8).bind(2, BytesView{}).run().value() == 1);

  REQUIRE(select->step().value());
  CHECK(select->integer(0) == -8);
  CHECK(select->bytes(1).empty());
  REQUIRE(select->step().value());
  CHECK(to_bytes(select->bytes(1)) == Bytes{0, 1, 0});
  CHECK_FALSE(select->step().value());
}

TEST_CASE("a second row of the same key is kExists") {
  auto database = Database::open(":memory:", kFirst);
  REQUIRE(database);
  auto insert = database->prepare("INSERT INTO t VALUES (?, ?)");
  REQUIRE(insert);
  CHECK(insert->bind(1, 1).bind(2, Bytes{1}).run());
  CHECK(insert->bind(1, 1).bind(2, Bytes{2}).run().error() == Errc::kExists);
  CHECK(insert->bind(1, 2).bind(2, Bytes{1}).run().error() == Errc::kExists);
  CHECK(insert->bind(1, 2).bind(2, Bytes{2}).run());
}

TEST_CASE("a transaction that fails leaves nothing behind") {
  auto database = Database::open(":memory:", kFirst);
  REQUIRE(database);
  const auto outcome = database->transaction([&]() -> Result<> {
    REQUIRE(database->execute("INSERT INTO t VALUES (1, x'01')"));
    return fail(Errc::kInboxFull);
  });
  CHECK(outcome.error() == Errc::kInboxFull);
  auto count = database->prepare("SELECT count(*) FROM t");
  REQUIRE(count->step().value());
  CHECK(count->integer(0) == 0);
}

TEST_CASE("the schema is migrated once, and a newer one is refused") {
  const TemporaryFolder folder;
  const std::string path = folder.file("x.db");
  {
    auto database = Database::open(path, kFirst);
    REQUIRE(database);
    CHECK(database->execute("INSERT INTO t VALUES (1, x'01')"));
  }
  const std::vector<std::string> second = {kFirst[0],
                                           "ALTER TABLE t ADD COLUMN c INTEGER NOT NULL DEFAULT 5"};
  for (int round = 0; round < 2; ++round) {
    auto database = Database::open(path, second);
    REQUIRE(database);
    auto select = database->prepare("SELECT c FROM t");
    REQUIRE(select);
    REQUIRE(select->step().value());
    CHECK(select->integer(0) == 5);
  }
  CHECK(Database::open(path, kFirst).error() == Errc::kStorage);
}

TEST_CASE("what is no database, or cannot be opened, is kStorage") {
  const TemporaryFolder folder;
  std::ofstream(folder.file("text")) << std::string(4096, 'x');
  CHECK(Database::open(folder.file("text"), kFirst).error() == Errc::kStorage);
  CHECK(Database::open(folder.file("no/such/folder"), kFirst).error() == Errc::kStorage);
}

TEST_CASE("the file is for its owner only") {
  const TemporaryFolder folder;
  REQUIRE(Database::open(folder.file("x.db"), kFirst));
  CHECK(std::filesystem::status(folder.file("x.db")).permissions() ==
        (std::filesystem::perms::owner_read | std::filesystem::perms::owner_write));
}

}  // namespace
}  // namespace warren
