#include "warren/storage/sqlite_inbox.hpp"

#include <doctest/doctest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <set>

#include "warren/storage/test_folder.hpp"
#include "warren/storage/test_names.hpp"

namespace warren {
namespace {

InboxMessage inbox_message(std::uint32_t number, Bytes payload = {1, 2, 3}) {
  InboxMessage result{.from_node = some_node(),
                      .from_peer = some_peer(),
                      .sent_at = from_unix_ms(1'700'000'000'000 + number),
                      .received_at = from_unix_ms(1'700'000'000'100 + number),
                      .payload = std::move(payload)};
  for (std::size_t i = 0; i < 4; ++i) result.id[i] = static_cast<std::uint8_t>(number >> (8 * i));
  return result;
}

TEST_CASE("messages are read back whole and in order") {
  auto inbox = value_or_throw(SqliteInbox::open(":memory:"));
  const std::uint64_t first = value_or_throw(inbox->append(inbox_message(10)));
  const std::uint64_t second = value_or_throw(inbox->append(inbox_message(11, {})));
  CHECK(second > first);

  const auto all = value_or_throw(inbox->read_after(0, 100));
  REQUIRE(all.size() == 2);
  CHECK(all[0].number == first);
  CHECK(all[0].id == inbox_message(10).id);
  CHECK(all[0].from_node == some_node());
  CHECK(all[0].from_peer == some_peer());
  CHECK(all[0].sent_at == inbox_message(10).sent_at);
  CHECK(all[0].received_at == inbox_message(10).received_at);
  CHECK(all[0].payload == Bytes{1, 2, 3});
  CHECK(all[1].payload.empty());

  CHECK(value_or_throw(inbox->read_after(first, 100)).size() == 1);
  CHECK(value_or_throw(inbox->read_after(0, 1)).size() == 1);
  CHECK(value_or_throw(inbox->read_after(second, 100)).empty());
  CHECK(value_or_throw(inbox->read_after(UINT64_MAX, 100)).empty());
}

TEST_CASE("a message id is stored once") {
  auto inbox = value_or_throw(SqliteInbox::open(":memory:"));
  CHECK(inbox->append(inbox_message(1)));
  CHECK(inbox->append(inbox_message(1)).error() == Errc::kReplayed);
  CHECK(value_or_throw(inbox->usage()).messages == 1);
}

TEST_CASE("unread messages are never dropped, read ones make room oldest first") {
  auto inbox = value_or_throw(SqliteInbox::open(":memory:", {.messages_max = 3}));
  for (std::uint32_t i = 1; i <= 3; ++i) CHECK(inbox->append(inbox_message(i)));
  CHECK(inbox->append(inbox_message(4)).error() == Errc::kInboxFull);
  CHECK(value_or_throw(inbox->usage()).messages == 3);

  CHECK(inbox->acknowledge(2));
  CHECK(value_or_throw(inbox->usage()).unread == 1);
  CHECK(value_or_throw(inbox->usage()).messages == 3);  // there is no hurry
  CHECK(inbox->append(inbox_message(4)));
  CHECK(value_or_throw(inbox->read_after(0, 1))[0].number == 2);
  CHECK(inbox->append(inbox_message(5)));
  CHECK(inbox->append(inbox_message(6)).error() == Errc::kInboxFull);
  CHECK(value_or_throw(inbox->read_after(0, 9)).size() == 3);
}

TEST_CASE("a message that is refused drops nothing") {
  auto inbox = value_or_throw(SqliteInbox::open(":memory:", {.bytes_max = 3 * kInboxRowBytes + 9}));
  for (std::uint32_t i = 1; i <= 3; ++i) CHECK(inbox->append(inbox_message(i)));
  CHECK(inbox->acknowledge(1));
  CHECK(inbox->append(inbox_message(4, Bytes(300))).error() == Errc::kInboxFull);
  CHECK(inbox->append(inbox_message(5, Bytes(5000))).error() == Errc::kInboxFull);
  CHECK(value_or_throw(inbox->usage()).messages == 3);
  CHECK(value_or_throw(inbox->usage()).bytes == 3 * (kInboxRowBytes + 3));
  CHECK(inbox->append(inbox_message(3)).error() == Errc::kReplayed);
  CHECK(value_or_throw(inbox->read_after(0, 9)).size() == 3);
}

TEST_CASE("an acknowledgement of messages to come does not count") {
  auto inbox = value_or_throw(SqliteInbox::open(":memory:"));
  CHECK(inbox->append(inbox_message(1)));
  CHECK(inbox->acknowledge(1'000'000));
  CHECK(inbox->append(inbox_message(2)));
  CHECK(value_or_throw(inbox->usage()).unread == 1);
  CHECK(inbox->acknowledge(1));  // backwards: no effect
  CHECK(inbox->acknowledge(2));
  CHECK(value_or_throw(inbox->usage()).unread == 0);
}

TEST_CASE("numbers are not used twice") {
  const TemporaryFolder folder;
  {
    auto inbox = value_or_throw(SqliteInbox::open(folder.file("inbox.db")));
    CHECK(value_or_throw(inbox->append(inbox_message(1))) == 1);
    CHECK(inbox->remove_through(1));
    CHECK(value_or_throw(inbox->usage()).messages == 0);
  }
  auto inbox = value_or_throw(SqliteInbox::open(folder.file("inbox.db")));
  CHECK(value_or_throw(inbox->append(inbox_message(1))) == 2);
}

// Appends until it is killed, and reports each number it was given.
[[noreturn]] void append_forever(const std::string& path, int pipe, std::uint32_t from) {
  auto inbox = SqliteInbox::open(path);
  if (!inbox) ::_exit(1);
  for (std::uint32_t i = from;; ++i) {
    if (!(*inbox)->append(inbox_message(i, Bytes(i % 5000)))) ::_exit(2);
    if (::write(pipe, &i, sizeof i) != sizeof i) ::_exit(3);
  }
}

TEST_CASE("each acknowledged message survives kill -9, once") {
  const TemporaryFolder folder;
  const std::string path = folder.file("inbox.db");
  std::set<std::uint32_t> acknowledged;
  for (std::uint32_t round = 0; round < 8; ++round) {
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    const pid_t child = ::fork();
    if (child == 0) append_forever(path, ends[1], round * 1'000'000);
    ::close(ends[1]);
    // It dies in the middle of whatever it does after some appends.
    std::uint32_t number = 0;
    for (std::uint32_t i = 0; i < 5 + 3 * round; ++i) {
      REQUIRE(::read(ends[0], &number, sizeof number) == sizeof number);
      acknowledged.insert(number);
    }
    ::kill(child, SIGKILL);
    while (::read(ends[0], &number, sizeof number) == sizeof number) acknowledged.insert(number);
    ::close(ends[0]);
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(WIFSIGNALED(status));
  }

  auto inbox = value_or_throw(SqliteInbox::open(path));
  std::multiset<std::uint32_t> found;
  for (const InboxMessage& stored : value_or_throw(inbox->read_after(0, 1'000'000))) {
    std::uint32_t number = 0;
    for (std::size_t i = 0; i < 4; ++i) number |= std::uint32_t{stored.id[i]} << (8 * i);
    CHECK(stored.payload.size() == number % 5000);
    found.insert(number);
  }
  for (const std::uint32_t number : acknowledged) CHECK(found.count(number) == 1);
  CHECK(found.size() >= acknowledged.size());
  CHECK(found.size() <= acknowledged.size() + 8);  // committed, and killed before it could say so
}

}  // namespace
}  // namespace warren
