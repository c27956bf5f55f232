#include "warren/storage/database.hpp"

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <filesystem>
#include <tuple>

#include "warren/base/assert.hpp"
#include "warren/base/log.hpp"

namespace warren {
namespace {

// Another process (a backup, the sqlite3 shell) may hold the file for a moment.
constexpr int kBusyTimeoutMs = 5000;

std::unexpected<std::error_code> storage_error(sqlite3* database, std::string_view what) {
  const char* reason = database ? sqlite3_errmsg(database) : "out of memory";
  log::error("storage", std::string(what) + ": " + reason);
  return fail(Errc::kStorage);
}

// SQLite would create the file readable for all; its companions (-wal, -shm) take over the mode of this one.
void create_private(const std::string& path) {
  std::error_code ignored;
  if (path.empty() || path == ":memory:" || std::filesystem::exists(path, ignored)) return;
  const int file = ::open(path.c_str(), O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
  if (file >= 0) ::close(file);  // else opening it will tell
}

}  // namespace

void Statement::Finalize::operator()(sqlite3_stmt* statement) const {
  sqlite3_finalize(statement);
}

Statement& Statement::bind(int index, std::int64_t value) {
  const int code = sqlite3_bind_int64(statement_.get(), index, value);
  WARREN_ASSERT(code == SQLITE_OK);
  return *this;
}

Statement& Statement::bind(int index, BytesView value) {
  // A null pointer would bind NULL; an empty blob is a value.
  const void* data = value.empty() ? "" : static_cast<const void*>(value.data());
  const int code = sqlite3_bind_blob64(statement_.get(), index, data, value.size(), SQLITE_TRANSIENT);
  WARREN_ASSERT(code == SQLITE_OK || code == SQLITE_NOMEM);
  return *this;
}

Result<bool> Statement::step() {
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  const int extended = sqlite3_extended_errcode(database_);
  const bool exists = extended == SQLITE_CONSTRAINT_UNIQUE || extended == SQLITE_CONSTRAINT_PRIMARYKEY;
  const auto error = exists ? fail(Errc::kExists) : storage_error(database_, sqlite3_sql(statement_.get()));
  reset();
  return error;
}

Result<std::int64_t> Statement::run() {
  while (true) {
    const Result<bool> row = step();
    if (!row) return fail(row.error());
    if (*row) continue;
    const std::int64_t changed = sqlite3_changes64(database_);
    reset();
    return changed;
  }
}

void Statement::reset() {
  sqlite3_reset(statement_.get());
  sqlite3_clear_bindings(statement_.get());
}

std::int64_t Statement::integer(int column) const {
  return sqlite3_column_int64(statement_.get(), column);
}

BytesView Statement::bytes(int column) const {
  const void* data = sqlite3_column_blob(statement_.get(), column);
  const int size = sqlite3_column_bytes(statement_.get(), column);
  return {static_cast<const std::uint8_t*>(data), static_cast<std::size_t>(size)};
}

void Database::Close::operator()(sqlite3* database) const {
  sqlite3_close_v2(database);  // waits for statements that are destroyed later
}

Result<Database> Database::open(const std::string& path, const std::vector<std::string>& migrations) {
  create_private(path);
  sqlite3* handle = nullptr;
  // FULLMUTEX: the pool's threads take turns on this connection.
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_FULLMUTEX;
  const int code = sqlite3_open_v2(path.c_str(), &handle, flags, nullptr);
  Database database(handle);  // also after a failure there is a handle to close
  if (code != SQLITE_OK) return storage_error(handle, path);
  sqlite3_busy_timeout(handle, kBusyTimeoutMs);
  sqlite3_extended_result_codes(handle, 1);
  const auto settings = database.execute(
      "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA trusted_schema=OFF; "
      "PRAGMA cache_size=-512;");  // KiB: there are several databases, and what is hot in them is little
  if (!settings) return fail(settings.error());
  if (const auto migrated = database.migrate(migrations); !migrated) return fail(migrated.error());
  return database;
}

Result<> Database::migrate(const std::vector<std::string>& migrations) {
  std::int64_t version = 0;
  {
    auto statement = prepare("PRAGMA user_version");
    if (!statement) return fail(statement.error());
    const Result<bool> row = statement->step();
    if (!row) return fail(row.error());
    version = statement->integer(0);
  }
  const auto newest = static_cast<std::int64_t>(migrations.size());
  if (version < 0 || version > newest) {
    log::error("storage", "the database was written by a newer version of Warren");
    return fail(Errc::kStorage);
  }
  for (; version < newest; ++version) {
    const std::string script = migrations[static_cast<std::size_t>(version)] +
                               "; PRAGMA user_version = " + std::to_string(version + 1);
    const auto applied = transaction([this, &script] { return execute(script); });
    if (!applied) return applied;
  }
  return {};
}

Result<Statement> Database::prepare(std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v3(database_.get(), sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  if (code != SQLITE_OK) return storage_error(database_.get(), sql);
  return Statement(database_.get(), statement);
}

Result<> Database::execute(const std::string& sql) {
  if (sqlite3_exec(database_.get(), sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK) return {};
  return storage_error(database_.get(), sql);
}

Result<> Database::transaction(const std::function<Result<>()>& work) {
  if (const auto begun = execute("BEGIN IMMEDIATE"); !begun) return begun;
  Result<> done = work();
  if (done) done = execute("COMMIT");
  // SQLite may have rolled back by itself (disk full); then there is no transaction left to end.
  if (!done && !sqlite3_get_autocommit(database_.get())) std::ignore = execute("ROLLBACK");
  return done;
}

std::int64_t Database::last_row_id() const {
  return sqlite3_last_insert_rowid(database_.get());
}

}  // namespace warren
