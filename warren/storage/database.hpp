// A thin cover over SQLite (https://www.sqlite.org/c3ref/intro.html): one file, one connection, statements
// that are prepared once. Every error is Errc::kStorage, with the details in the log.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "warren/base/bytes.hpp"

struct sqlite3;  // SQLite's own declarations; its header stays in .cpp files
struct sqlite3_stmt;

namespace warren {

// One SQL statement. Bind, step until it says false, reset; run() does all three for statements without rows.
class Statement {
 public:
  Statement(Statement&&) noexcept = default;
  Statement& operator=(Statement&&) noexcept = default;

  // Parameters count from 1. Bytes are copied.
  Statement& bind(int index, std::int64_t value);
  Statement& bind(int index, BytesView value);

  // Advances to the next row; false when there is none. kStorage, or kExists when a uniqueness is violated;
  // the statement is reset then.
  Result<bool> step();
  // Runs to the end and resets. The number of rows that were changed.
  Result<std::int64_t> run();
  // Ends the current reading and forgets the parameters.
  void reset();

  // Columns of the current row count from 0; bytes are borrowed until the next step.
  std::int64_t integer(int column) const;
  BytesView bytes(int column) const;

 private:
  friend class Database;
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  Statement(sqlite3* database, sqlite3_stmt* statement) : database_(database), statement_(statement) {}

  sqlite3* database_;
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

// Not safe on several threads at once: each store that owns one has a mutex.
class Database {
 public:
  // Opens or creates the file (":memory:" for one that dies with the object) in WAL mode with
  // synchronous=FULL: a committed transaction survives a power cut. `migrations` are SQL scripts that lead
  // from one version of the schema to the next; those that the file has not seen are applied, each in a
  // transaction. kStorage: it cannot be opened, is damaged, or was written by a newer Warren.
  static Result<Database> open(const std::string& path, const std::vector<std::string>& migrations);

  // Precondition: valid SQL for the schema, so a failure is a lack of memory or a damaged file (kStorage).
  Result<Statement> prepare(std::string_view sql);
  // Runs a script without parameters.
  Result<> execute(const std::string& sql);

  // Runs `work` between BEGIN IMMEDIATE and COMMIT; rolls back when it or the commit fails.
  Result<> transaction(const std::function<Result<>()>& work);

  std::int64_t last_row_id() const;

 private:
  struct Close {
    void operator()(sqlite3* database) const;
  };
  explicit Database(sqlite3* database) : database_(database) {}
  Result<> migrate(const std::vector<std::string>& migrations);

  std::unique_ptr<sqlite3, Close> database_;
};

}  // namespace warren
