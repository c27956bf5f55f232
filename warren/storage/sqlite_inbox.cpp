#include "warren/storage/sqlite_inbox.hpp"

#include <algorithm>
#include <mutex>

#include "warren/storage/database.hpp"

namespace warren {
namespace {

// AUTOINCREMENT: the number of a message that went is not given again.
constexpr const char* kInboxSchema = R"(
CREATE TABLE message (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  id BLOB NOT NULL UNIQUE,
  from_node BLOB NOT NULL,
  from_peer BLOB NOT NULL,
  sent_ms INTEGER NOT NULL,
  received_ms INTEGER NOT NULL,
  size INTEGER NOT NULL,
  payload BLOB NOT NULL
);
CREATE TABLE mark (acknowledged INTEGER NOT NULL);
INSERT INTO mark VALUES (0);
)";

constexpr std::size_t kPageBytes = 32 * 1024 * 1024;

Result<InboxMessage> read_message(const Statement& row) {
  auto node = NodeId::from_key_bytes(row.bytes(2));
  auto peer = PeerId::from_bytes(row.bytes(3));
  const BytesView id = row.bytes(1);
  if (!node || !peer || id.size() != MessageId{}.size())
    return fail(Errc::kStorage);  // somebody edited the file
  InboxMessage message{.number = static_cast<std::uint64_t>(row.integer(0)),
                       .from_node = *node,
                       .from_peer = *peer,
                       .sent_at = from_unix_ms(row.integer(4)),
                       .received_at = from_unix_ms(row.integer(5)),
                       .payload = to_bytes(row.bytes(6))};
  std::ranges::copy(id, message.id.begin());
  return message;
}

// Numbers are SQLite's: 63 bits.
std::int64_t to_row_id(std::uint64_t number) {
  return static_cast<std::int64_t>(std::min<std::uint64_t>(number, INT64_MAX));
}

}  // namespace

struct SqliteInbox::State {
  Database database;
  Statement insert, select, totals, oldest_read, erase_through, advance_mark;
  InboxLimits limits;
  InboxUsage held{};  // messages and bytes, as in the file; `unread` is not kept here
  std::mutex mutex;

  Result<> load_totals();
  Result<> make_room(std::uint64_t bytes);
  Result<> insert_row(const InboxMessage& message);
};

SqliteInbox::SqliteInbox(std::unique_ptr<State> state) : state_(std::move(state)) {}
SqliteInbox::~SqliteInbox() = default;

Result<std::unique_ptr<SqliteInbox>> SqliteInbox::open(const std::string& path, InboxLimits limits) {
  auto database = Database::open(path, {kInboxSchema});
  if (!database) return fail(database.error());
  auto insert = database->prepare(
      "INSERT INTO message (id, from_node, from_peer, sent_ms, received_ms, size, payload) VALUES (?, ?, ?, "
      "?, ?, ?, ?)");
  auto select = database->prepare(
      "SELECT number, id, from_node, from_peer, sent_ms, received_ms, payload FROM message WHERE number > ? "
      "ORDER BY number LIMIT ?");
  auto totals = database->prepare(
      "SELECT count(*), ifnull(sum(size), 0), count(*) FILTER (WHERE number > (SELECT acknowledged FROM "
      "mark)) "
      "FROM message");
  auto oldest_read = database->prepare(
      "SELECT number, size FROM message WHERE number <= (SELECT acknowledged FROM mark) ORDER BY number");
  auto erase_through = database->prepare("DELETE FROM message WHERE number <= ?");
  auto advance_mark = database->prepare("UPDATE mark SET acknowledged = ?1 WHERE acknowledged < ?1");
  for (const auto* statement : {&insert, &select, &totals, &oldest_read, &erase_through, &advance_mark}) {
    if (!*statement) return fail(statement->error());
  }
  auto state = std::unique_ptr<State>(new State{std::move(*database), std::move(*insert), std::move(*select),
                                                std::move(*totals), std::move(*oldest_read),
                                                std::move(*erase_through), std::move(*advance_mark), limits});
  if (const auto loaded = state->load_totals(); !loaded) return fail(loaded.error());
  return std::unique_ptr<SqliteInbox>(new SqliteInbox(std::move(state)));
}

Result<> SqliteInbox::State::load_totals() {
  const Result<bool> row = totals.step();
  if (!row) return fail(row.error());
  held.messages = static_cast<std::uint64_t>(totals.integer(0));
  held.bytes = static_cast<std::uint64_t>(totals.integer(1));
  held.unread = static_cast<std::uint64_t>(totals.integer(2));
  totals.reset();
  return {};
}

// Drops read messages, oldest first, until `bytes` more would fit.
Result<> SqliteInbox::State::make_room(std::uint64_t bytes) {
  const auto fits = [&] {
    return held.messages + 1 <= limits.messages_max && held.bytes + bytes <= limits.bytes_max;
  };
  if (bytes > limits.bytes_max) return fail(Errc::kInboxFull);
  std::int64_t through = 0;
  while (!fits()) {
    const Result<bool> row = oldest_read.step();
    if (!row || !*row) {
      oldest_read.reset();
      return row ? fail(Errc::kInboxFull) : fail(row.error());
    }
    through = oldest_read.integer(0);
    held.messages -= 1;
    held.bytes -= static_cast<std::uint64_t>(oldest_read.integer(1));
  }
  oldest_read.reset();
  if (through == 0) return {};
  const auto erased = erase_through.bind(1, through).run();
  return erased ? Result<>{} : fail(erased.error());
}

Result<> SqliteInbox::State::insert_row(const InboxMessage& message) {
  const std::uint64_t size = message.payload.size() + kInboxRowBytes;
  if (const auto room = make_room(size); !room) return room;
  const auto inserted = insert.bind(1, message.id)
                            .bind(2, message.from_node.key_bytes())
                            .bind(3, message.from_peer.bytes())
                            .bind(4, unix_ms(message.sent_at))
                            .bind(5, unix_ms(message.received_at))
                            .bind(6, static_cast<std::int64_t>(size))
                            .bind(7, message.payload)
                            .run();
  if (!inserted) {
    return fail(inserted.error() == Errc::kExists ? make_error_code(Errc::kReplayed) : inserted.error());
  }
  held.messages += 1;
  held.bytes += size;
  return {};
}

Result<std::uint64_t> SqliteInbox::append(const InboxMessage& message) {
  const std::lock_guard lock(state_->mutex);
  const InboxUsage before = state_->held;
  const auto stored = state_->database.transaction([this, &message] { return state_->insert_row(message); });
  if (!stored) {
    state_->held = before;  // rolled back, with what was dropped to make room
    return fail(stored.error());
  }
  return static_cast<std::uint64_t>(state_->database.last_row_id());
}

Result<std::vector<InboxMessage>> SqliteInbox::read_after(std::uint64_t number, std::size_t limit) {
  const std::lock_guard lock(state_->mutex);
  std::vector<InboxMessage> messages;
  std::size_t bytes = 0;
  Statement& select = state_->select;
  select.bind(1, to_row_id(number)).bind(2, to_row_id(limit));
  while (bytes < kPageBytes) {
    const Result<bool> row = select.step();
    if (!row) return fail(row.error());
    if (!*row) break;
    auto message = read_message(select);
    if (!message) {
      select.reset();
      return fail(message.error());
    }
    bytes += message->payload.size();
    messages.push_back(std::move(*message));
  }
  select.reset();
  return messages;
}

Result<> SqliteInbox::acknowledge(std::uint64_t through) {
  const std::lock_guard lock(state_->mutex);
  // Never above the last message: numbers of the future are not read yet.
  auto last =
      state_->database.prepare("SELECT ifnull(max(seq), 0) FROM sqlite_sequence WHERE name = 'message'");
  if (!last) return fail(last.error());
  if (const Result<bool> row = last->step(); !row) return fail(row.error());
  const std::int64_t mark = std::min(to_row_id(through), last->integer(0));
  last->reset();
  const auto advanced = state_->advance_mark.bind(1, mark).run();
  return advanced ? Result<>{} : fail(advanced.error());
}

Result<> SqliteInbox::remove_through(std::uint64_t number) {
  const std::lock_guard lock(state_->mutex);
  const auto erased = state_->erase_through.bind(1, to_row_id(number)).run();
  if (!erased) return fail(erased.error());
  return state_->load_totals();
}

Result<InboxUsage> SqliteInbox::usage() {
  const std::lock_guard lock(state_->mutex);
  if (const auto loaded = state_->load_totals(); !loaded) return fail(loaded.error());
  return state_->held;
}

}  // namespace warren
