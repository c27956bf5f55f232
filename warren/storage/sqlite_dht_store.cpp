#include "warren/storage/sqlite_dht_store.hpp"

#include <algorithm>
#include <array>
#include <mutex>

#include "warren/base/reader.hpp"
#include "warren/base/writer.hpp"
#include "warren/storage/database.hpp"

namespace warren {
namespace {

// `addresses` are multiaddrs, each with its size before it.
constexpr const char* kDhtSchema = R"(
CREATE TABLE record (
  key BLOB PRIMARY KEY,
  value BLOB NOT NULL,
  received_ms INTEGER NOT NULL,
  expires_ms INTEGER NOT NULL,
  own INTEGER NOT NULL,
  size INTEGER NOT NULL
);
CREATE INDEX record_by_expiry ON record (own, expires_ms, key, size);
CREATE TABLE provider (
  key BLOB NOT NULL,
  peer BLOB NOT NULL,
  addresses BLOB NOT NULL,
  received_ms INTEGER NOT NULL,
  expires_ms INTEGER NOT NULL,
  own INTEGER NOT NULL,
  PRIMARY KEY (key, peer)
) WITHOUT ROWID;
CREATE INDEX provider_by_expiry ON provider (own, expires_ms);
CREATE INDEX provider_by_peer ON provider (peer);
CREATE TABLE peer (place INTEGER PRIMARY KEY, peer BLOB NOT NULL, addresses BLOB NOT NULL);
)";

enum DhtQuery : std::size_t {
  kPutRecord,
  kGetRecord,
  kOwnRecords,
  kSizeOfRecord,
  kDroppableRecords,
  kDropRecord,
  kDisownRecord,
  kExpireRecords,
  kRecordTotals,
  kPutProvider,
  kGetProviders,
  kOwnProviders,
  kHasProvider,
  kCountUnderKey,
  kExpireUnderKey,
  kDropFirstUnderKey,
  kKeysOfProvider,
  kDropFirstProvider,
  kDisownProviders,
  kExpireProviders,
  kProviderTotal,
  kDropPeers,
  kPutPeer,
  kGetPeers,
  kDhtQueries,
};

constexpr std::array<const char*, kDhtQueries> kDhtSql = {
    // clang-format off
    "INSERT OR REPLACE INTO record (key, value, received_ms, expires_ms, own, size) "
    "VALUES (?, ?, ?, ?, ?, ?)",
    "SELECT key, value, received_ms, expires_ms, own FROM record WHERE key = ? AND expires_ms > ?",
    "SELECT key, value, received_ms, expires_ms, own FROM record WHERE own = 1 ORDER BY key",
    "SELECT size FROM record WHERE key = ?",
    "SELECT key, size FROM record WHERE (own = 0 OR expires_ms <= ?) AND key <> ? ORDER BY own, expires_ms",
    "DELETE FROM record WHERE key = ?",
    "UPDATE record SET own = 0 WHERE key = ?",
    "DELETE FROM record WHERE expires_ms <= ?",
    "SELECT count(*), ifnull(sum(size), 0) FROM record",
    "INSERT OR REPLACE INTO provider (key, peer, addresses, received_ms, expires_ms, own) "
    "VALUES (?, ?, ?, ?, ?, ?)",
    "SELECT key, peer, addresses, received_ms, expires_ms, own FROM provider "
    "WHERE key = ? AND expires_ms > ? ORDER BY received_ms DESC LIMIT ?",
    "SELECT key, peer, addresses, received_ms, expires_ms, own FROM provider WHERE own = 1",
    "SELECT count(*) FROM provider WHERE key = ? AND peer = ?",
    "SELECT count(*) FROM provider WHERE key = ?",
    "DELETE FROM provider WHERE key = ? AND own = 0 AND expires_ms <= ?",
    "DELETE FROM provider WHERE key = ?1 AND peer = "
    "(SELECT peer FROM provider WHERE key = ?1 AND own = 0 ORDER BY expires_ms LIMIT 1)",
    "SELECT count(*) FROM provider WHERE peer = ?",
    "DELETE FROM provider WHERE (key, peer) IN "
    "(SELECT key, peer FROM provider WHERE own = 0 ORDER BY expires_ms LIMIT 1)",
    "UPDATE provider SET own = 0 WHERE key = ? AND own = 1",
    "DELETE FROM provider WHERE own = 0 AND expires_ms <= ?",
    "SELECT count(*) FROM provider",
    "DELETE FROM peer",
    "INSERT INTO peer (peer, addresses) VALUES (?, ?)",
    "SELECT peer, addresses FROM peer ORDER BY place",
    // clang-format on
};

Bytes join_addresses(const std::vector<Multiaddr>& addresses, std::size_t count_max) {
  Writer writer;
  for (std::size_t i = 0; i < std::min(addresses.size(), count_max); ++i) {
    writer.delimited(addresses[i].bytes());
  }
  return writer.take();
}

// Protocols that this version of Warren does not know are left out.
std::vector<Multiaddr> split_addresses(BytesView joined) {
  std::vector<Multiaddr> addresses;
  for (Reader reader(joined); reader.ok() && reader.remaining() > 0;) {
    if (auto address = Multiaddr::from_bytes(reader.delimited(2 * kMultiaddrSizeMax)))
      addresses.push_back(std::move(*address));
  }
  return addresses;
}

DhtRecord read_record(const Statement& row) {
  return {.key = to_bytes(row.bytes(0)),
          .value = to_bytes(row.bytes(1)),
          .received = from_unix_ms(row.integer(2)),
          .expires = from_unix_ms(row.integer(3)),
          .own = row.integer(4) != 0};
}

Result<PeerInfo> read_peer(const Statement& row, int column) {
  const auto id = PeerId::from_bytes(row.bytes(column));
  if (!id) return fail(Errc::kStorage);  // somebody edited the file
  return PeerInfo{.id = *id, .addresses = split_addresses(row.bytes(column + 1))};
}

Result<DhtProvider> read_provider(const Statement& row) {
  auto peer = read_peer(row, 1);
  if (!peer) return fail(peer.error());
  return DhtProvider{.key = to_bytes(row.bytes(0)),
                     .provider = std::move(*peer),
                     .received = from_unix_ms(row.integer(3)),
                     .expires = from_unix_ms(row.integer(4)),
                     .own = row.integer(5) != 0};
}

// All rows of a statement that is bound already; `read` makes a T or a Result<T> of each.
template <class T, class Read>
Result<std::vector<T>> read_all(Statement& statement, Read read) {
  std::vector<T> all;
  while (true) {
    const Result<bool> row = statement.step();
    if (!row) return fail(row.error());
    if (!*row) break;
    Result<T> one = read(statement);
    if (!one) {
      statement.reset();
      return fail(one.error());
    }
    all.push_back(std::move(*one));
  }
  statement.reset();
  return all;
}

// The only number of the only row; nothing without a row.
Result<std::optional<std::int64_t>> read_number(Statement& statement) {
  const Result<bool> row = statement.step();
  if (!row) return fail(row.error());
  std::optional<std::int64_t> number;
  if (*row) number = statement.integer(0);
  statement.reset();
  return number;
}

}  // namespace

struct SqliteDhtStore::State {
  Database database;
  std::vector<Statement> statements;
  SqliteDhtStoreLimits limits;
  Usage held;  // as in the file
  std::mutex mutex;

  Statement& operator[](DhtQuery query) { return statements[query]; }
  Result<std::uint64_t> count(Statement& statement);
  Result<> load_totals();
  Result<> change(const std::function<Result<>()>& work);
  Result<> put_record(const DhtRecord& record, std::uint64_t size);
  Result<> drop_records(const DhtRecord& for_this);
  Result<> put_provider(const DhtProvider& provider);
  Result<> make_room_under(const DhtProvider& provider);
  Result<> make_room_for(const DhtProvider& provider);
};

SqliteDhtStore::SqliteDhtStore(std::unique_ptr<State> state) : state_(std::move(state)) {}
SqliteDhtStore::~SqliteDhtStore() = default;

Result<std::unique_ptr<SqliteDhtStore>> SqliteDhtStore::open(const std::string& path,
                                                             SqliteDhtStoreLimits limits) {
  auto database = Database::open(path, {kDhtSchema});
  if (!database) return fail(database.error());
  if (const auto set = database->execute("PRAGMA synchronous=NORMAL"); !set) return fail(set.error());
  std::vector<Statement> statements;
  for (const char* sql : kDhtSql) {
    auto statement = database->prepare(sql);
    if (!statement) return fail(statement.error());
    statements.push_back(std::move(*statement));
  }
  auto state = std::unique_ptr<State>(new State{std::move(*database), std::move(statements), limits, {}, {}});
  if (const auto loaded = state->load_totals(); !loaded) return fail(loaded.error());
  return std::unique_ptr<SqliteDhtStore>(new SqliteDhtStore(std::move(state)));
}

Result<std::uint64_t> SqliteDhtStore::State::count(Statement& statement) {
  const auto number = read_number(statement);
  if (!number) return fail(number.error());
  return static_cast<std::uint64_t>(number->value_or(0));
}

Result<> SqliteDhtStore::State::load_totals() {
  Statement& totals = (*this)[kRecordTotals];
  const Result<bool> row = totals.step();
  if (!row) return fail(row.error());
  held.records = static_cast<std::uint64_t>(totals.integer(0));
  held.record_bytes = static_cast<std::uint64_t>(totals.integer(1));
  totals.reset();
  const auto providers = count((*this)[kProviderTotal]);
  if (!providers) return fail(providers.error());
  held.providers = *providers;
  return {};
}

// A transaction, whose failure takes back what was counted.
Result<> SqliteDhtStore::State::change(const std::function<Result<>()>& work) {
  const Usage before = held;
  const Result<> done = database.transaction(work);
  if (!done) held = before;
  return done;
}

Result<> SqliteDhtStore::put_record(const DhtRecord& record) {
  const std::lock_guard lock(state_->mutex);
  const std::uint64_t size = record.key.size() + record.value.size();
  if (size > state_->limits.entry_size_max) return fail(Errc::kLimitReached);
  return state_->change([&] { return state_->put_record(record, size); });
}

Result<> SqliteDhtStore::State::put_record(const DhtRecord& record, std::uint64_t size) {
  const auto old_size = read_number((*this)[kSizeOfRecord].bind(1, record.key));
  if (!old_size) return fail(old_size.error());
  if (*old_size) {
    held.records -= 1;
    held.record_bytes -= static_cast<std::uint64_t>(**old_size);
  }
  held.records += 1;
  held.record_bytes += size;
  if (held.records > limits.records_max || held.record_bytes > limits.record_bytes_max) {
    if (const auto dropped = drop_records(record); !dropped) return dropped;
  }
  const auto put = (*this)[kPutRecord]
                       .bind(1, record.key)
                       .bind(2, record.value)
                       .bind(3, unix_ms(record.received))
                       .bind(4, unix_ms(record.expires))
                       .bind(5, record.own ? 1 : 0)
                       .bind(6, static_cast<std::int64_t>(size))
                       .run();
  if (!put) return fail(put.error());
  return {};
}

// Until what is counted, which includes the new one, is within the bounds.
Result<> SqliteDhtStore::State::drop_records(const DhtRecord& for_this) {
  const auto is_over = [&] {
    return held.records > limits.records_max || held.record_bytes > limits.record_bytes_max;
  };
  Statement& droppable = (*this)[kDroppableRecords];
  droppable.bind(1, unix_ms(for_this.received)).bind(2, for_this.key);
  std::vector<Bytes> keys;
  while (is_over()) {
    const Result<bool> row = droppable.step();
    if (!row) return fail(row.error());
    if (!*row) break;
    keys.push_back(to_bytes(droppable.bytes(0)));
    held.records -= 1;
    held.record_bytes -= static_cast<std::uint64_t>(droppable.integer(1));
  }
  droppable.reset();
  if (is_over()) return fail(Errc::kLimitReached);
  for (const Bytes& key : keys) {
    if (const auto dropped = (*this)[kDropRecord].bind(1, key).run(); !dropped) return fail(dropped.error());
  }
  return {};
}

Result<DhtRecord> SqliteDhtStore::record(BytesView key, WallTime now) {
  const std::lock_guard lock(state_->mutex);
  Statement& get = (*state_)[kGetRecord].bind(1, key).bind(2, unix_ms(now));
  const Result<bool> row = get.step();
  if (!row) return fail(row.error());
  Result<DhtRecord> found = *row ? Result<DhtRecord>(read_record(get)) : fail(Errc::kNotFound);
  get.reset();
  return found;
}

Result<std::vector<DhtRecord>> SqliteDhtStore::own_records() {
  const std::lock_guard lock(state_->mutex);
  return read_all<DhtRecord>((*state_)[kOwnRecords], read_record);
}

Result<> SqliteDhtStore::put_provider(const DhtProvider& provider) {
  const std::lock_guard lock(state_->mutex);
  return state_->change([&] { return state_->put_provider(provider); });
}

Result<> SqliteDhtStore::State::put_provider(const DhtProvider& provider) {
  const BytesView peer = provider.provider.id.bytes();
  const auto is_held = count((*this)[kHasProvider].bind(1, provider.key).bind(2, peer));
  if (!is_held) return fail(is_held.error());
  if (*is_held == 0) {
    if (const auto made = make_room_for(provider); !made) return made;
    held.providers += 1;
  }
  const auto put = (*this)[kPutProvider]
                       .bind(1, provider.key)
                       .bind(2, peer)
                       .bind(3, join_addresses(provider.provider.addresses, limits.addresses_max))
                       .bind(4, unix_ms(provider.received))
                       .bind(5, unix_ms(provider.expires))
                       .bind(6, provider.own ? 1 : 0)
                       .run();
  if (!put) return fail(put.error());
  return {};
}

// For an entry that is not held yet.
Result<> SqliteDhtStore::State::make_room_for(const DhtProvider& provider) {
  if (!provider.own) {
    const auto keys = count((*this)[kKeysOfProvider].bind(1, provider.provider.id.bytes()));
    if (!keys) return fail(keys.error());
    if (*keys >= limits.keys_per_provider_max) return fail(Errc::kLimitReached);
  }
  if (const auto made = make_room_under(provider); !made) return made;
  if (held.providers < limits.providers_max) return {};
  const auto dropped = (*this)[kDropFirstProvider].run();
  if (!dropped) return fail(dropped.error());
  if (*dropped == 0) return fail(Errc::kLimitReached);
  held.providers -= 1;
  return {};
}

// Of a full key the expired go, and for our own entry the other that expires first.
Result<> SqliteDhtStore::State::make_room_under(const DhtProvider& provider) {
  const auto under_key = count((*this)[kCountUnderKey].bind(1, provider.key));
  if (!under_key) return fail(under_key.error());
  if (*under_key < limits.providers_per_key_max) return {};
  auto dropped = (*this)[kExpireUnderKey].bind(1, provider.key).bind(2, unix_ms(provider.received)).run();
  if (dropped && *dropped == 0 && provider.own)
    dropped = (*this)[kDropFirstUnderKey].bind(1, provider.key).run();
  if (!dropped) return fail(dropped.error());
  held.providers -= static_cast<std::uint64_t>(*dropped);
  return *dropped > 0 ? Result<>{} : fail(Errc::kLimitReached);
}

Result<std::vector<DhtProvider>> SqliteDhtStore::providers(BytesView key, WallTime now, std::size_t limit) {
  const std::lock_guard lock(state_->mutex);
  const auto rows = static_cast<std::int64_t>(std::min<std::size_t>(limit, INT32_MAX));
  return read_all<DhtProvider>((*state_)[kGetProviders].bind(1, key).bind(2, unix_ms(now)).bind(3, rows),
                               read_provider);
}

Result<std::vector<DhtProvider>> SqliteDhtStore::own_providers() {
  const std::lock_guard lock(state_->mutex);
  return read_all<DhtProvider>((*state_)[kOwnProviders], read_provider);
}

Result<> SqliteDhtStore::disown(BytesView key) {
  const std::lock_guard lock(state_->mutex);
  return state_->change([&]() -> Result<> {
    for (const DhtQuery query : {kDisownRecord, kDisownProviders}) {
      if (const auto done = (*state_)[query].bind(1, key).run(); !done) return fail(done.error());
    }
    return {};
  });
}

Result<std::size_t> SqliteDhtStore::expire(WallTime now) {
  const std::lock_guard lock(state_->mutex);
  std::int64_t dropped = 0;
  const auto done = state_->change([&]() -> Result<> {
    for (const DhtQuery query : {kExpireRecords, kExpireProviders}) {
      const auto gone = (*state_)[query].bind(1, unix_ms(now)).run();
      if (!gone) return fail(gone.error());
      dropped += *gone;
    }
    return dropped == 0 ? Result<>{} : state_->load_totals();
  });
  if (!done) return fail(done.error());
  return static_cast<std::size_t>(dropped);
}

Result<> SqliteDhtStore::save_peers(const std::vector<PeerInfo>& peers) {
  const std::lock_guard lock(state_->mutex);
  return state_->change([&]() -> Result<> {
    if (const auto gone = (*state_)[kDropPeers].run(); !gone) return fail(gone.error());
    for (std::size_t i = 0; i < std::min<std::size_t>(peers.size(), state_->limits.peers_max); ++i) {
      const auto put = (*state_)[kPutPeer]
                           .bind(1, peers[i].id.bytes())
                           .bind(2, join_addresses(peers[i].addresses, state_->limits.addresses_max))
                           .run();
      if (!put) return fail(put.error());
    }
    return {};
  });
}

Result<std::vector<PeerInfo>> SqliteDhtStore::load_peers() {
  const std::lock_guard lock(state_->mutex);
  return read_all<PeerInfo>((*state_)[kGetPeers], [](const Statement& row) { return read_peer(row, 0); });
}

Result<DhtStore::Usage> SqliteDhtStore::usage() {
  const std::lock_guard lock(state_->mutex);
  return state_->held;
}

}  // namespace warren
