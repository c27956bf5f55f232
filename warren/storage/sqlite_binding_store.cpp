#include "warren/storage/sqlite_binding_store.hpp"

#include <mutex>

#include "warren/storage/database.hpp"

namespace warren {
namespace {

// `touched` counts puts: which binding was stored last, whatever the clock says. Serials have 64 bits and
// SQLite's numbers 63 and a sign; they are kept as 8 bytes, big-endian, which compare alike.
constexpr const char* kBindingSchema = R"(
CREATE TABLE binding (
  node BLOB PRIMARY KEY,
  peer BLOB NOT NULL,
  serial BLOB NOT NULL,
  not_after_ms INTEGER NOT NULL,
  touched INTEGER NOT NULL,
  signed BLOB NOT NULL
) WITHOUT ROWID;
CREATE INDEX binding_by_peer ON binding (peer, touched);
CREATE INDEX binding_by_age ON binding (touched);
CREATE INDEX binding_by_expiry ON binding (not_after_ms);
)";

constexpr const char* kUpsertBinding =
    "INSERT INTO binding (node, peer, serial, not_after_ms, touched, signed) "
    "VALUES (?, ?, ?, ?, (SELECT ifnull(max(touched), 0) + 1 FROM binding), ?) "
    "ON CONFLICT (node) DO UPDATE SET peer = excluded.peer, serial = excluded.serial, "
    "not_after_ms = excluded.not_after_ms, touched = excluded.touched, signed = excluded.signed "
    "WHERE binding.serial <= excluded.serial";

std::array<std::uint8_t, 8> serial_bytes(std::uint64_t serial) {
  std::array<std::uint8_t, 8> bytes;
  for (int i = 7; i >= 0; --i, serial >>= 8)
    bytes[static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(serial);
  return bytes;
}

Result<StoredBinding> read_binding(const Statement& row) {
  auto node = NodeId::from_key_bytes(row.bytes(0));
  auto peer = PeerId::from_bytes(row.bytes(1));
  if (!node || !peer) return fail(Errc::kStorage);  // somebody edited the file
  std::uint64_t serial = 0;
  for (const std::uint8_t byte : row.bytes(2)) serial = serial << 8 | byte;
  return StoredBinding{.node = *node,
                       .peer = *peer,
                       .serial = serial,
                       .not_after = from_unix_ms(row.integer(3)),
                       .signed_binding = to_bytes(row.bytes(4))};
}

// The only row of a lookup that is bound already.
Result<StoredBinding> find_one(Statement& lookup) {
  const Result<bool> row = lookup.step();
  if (!row) return fail(row.error());
  Result<StoredBinding> found = *row ? read_binding(lookup) : fail(Errc::kNotFound);
  lookup.reset();
  return found;
}

}  // namespace

struct SqliteBindingStore::State {
  Database database;
  Statement upsert, by_node, by_peer, count, drop_expired, drop_oldest;
  BindingStoreLimits limits;
  std::mutex mutex;

  Result<std::int64_t> excess();
  Result<> put(const StoredBinding& binding, WallTime now);
};

SqliteBindingStore::SqliteBindingStore(std::unique_ptr<State> state) : state_(std::move(state)) {}
SqliteBindingStore::~SqliteBindingStore() = default;

Result<std::unique_ptr<SqliteBindingStore>> SqliteBindingStore::open(const std::string& path,
                                                                     BindingStoreLimits limits) {
  auto database = Database::open(path, {kBindingSchema});
  if (!database) return fail(database.error());
  const std::string columns = "SELECT node, peer, serial, not_after_ms, signed FROM binding ";
  auto upsert = database->prepare(kUpsertBinding);
  auto by_node = database->prepare(columns + "WHERE node = ?");
  auto by_peer = database->prepare(columns + "WHERE peer = ? ORDER BY touched DESC LIMIT 1");
  auto count = database->prepare("SELECT count(*) FROM binding");
  auto drop_expired = database->prepare(
      "DELETE FROM binding WHERE node IN (SELECT node FROM binding WHERE not_after_ms < ? "
      "ORDER BY not_after_ms LIMIT ?)");
  auto drop_oldest = database->prepare(
      "DELETE FROM binding WHERE node IN (SELECT node FROM binding ORDER BY touched LIMIT ?)");
  for (const auto* statement : {&upsert, &by_node, &by_peer, &count, &drop_expired, &drop_oldest}) {
    if (!*statement) return fail(statement->error());
  }
  auto state = std::unique_ptr<State>(new State{std::move(*database), std::move(*upsert), std::move(*by_node),
                                                std::move(*by_peer), std::move(*count),
                                                std::move(*drop_expired), std::move(*drop_oldest), limits});
  return std::unique_ptr<SqliteBindingStore>(new SqliteBindingStore(std::move(state)));
}

Result<std::int64_t> SqliteBindingStore::State::excess() {
  const Result<bool> row = count.step();
  if (!row) return fail(row.error());
  const std::int64_t held = count.integer(0);
  count.reset();
  return held - static_cast<std::int64_t>(limits.bindings_max);
}

Result<> SqliteBindingStore::State::put(const StoredBinding& binding, WallTime now) {
  const auto changed = upsert.bind(1, binding.node.key_bytes())
                           .bind(2, binding.peer.bytes())
                           .bind(3, serial_bytes(binding.serial))
                           .bind(4, unix_ms(binding.not_after))
                           .bind(5, binding.signed_binding)
                           .run();
  if (!changed) return fail(changed.error());
  if (*changed == 0) return fail(Errc::kStaleBinding);
  // What is expired for so long that no clock still takes it needs no serial to be refused.
  const std::int64_t long_ago = unix_ms(now - std::chrono::hours(1));
  auto over = excess();
  if (over && *over > 0) {
    const auto dropped = drop_expired.bind(1, long_ago).bind(2, *over).run();
    if (!dropped) return fail(dropped.error());
    *over -= *dropped;
  }
  if (over && *over > 0) {
    const auto dropped = drop_oldest.bind(1, *over).run();
    if (!dropped) return fail(dropped.error());
  }
  return over ? Result<>{} : fail(over.error());
}

Result<> SqliteBindingStore::put(const StoredBinding& binding, WallTime now) {
  const std::lock_guard lock(state_->mutex);
  return state_->database.transaction([&] { return state_->put(binding, now); });
}

Result<StoredBinding> SqliteBindingStore::find(const NodeId& node) {
  const std::lock_guard lock(state_->mutex);
  state_->by_node.bind(1, node.key_bytes());
  return find_one(state_->by_node);
}

Result<StoredBinding> SqliteBindingStore::find(const PeerId& peer) {
  const std::lock_guard lock(state_->mutex);
  state_->by_peer.bind(1, peer.bytes());
  return find_one(state_->by_peer);
}

}  // namespace warren
