// What the store of broadcasts says to SQLite, for its .cpp only.
#pragma once

#include <array>
#include <cstddef>

namespace warren::broadcast_sql {

// Names are written once; a message that is only remembered has an empty envelope, of size 0.
inline constexpr const char* kSchema = R"(
CREATE TABLE topic (id INTEGER PRIMARY KEY, name BLOB NOT NULL UNIQUE, since_ms INTEGER);
CREATE TABLE origin (
  id INTEGER PRIMARY KEY,
  node BLOB NOT NULL,
  epoch BLOB NOT NULL,
  UNIQUE (node, epoch)
);
CREATE TABLE message (
  number INTEGER PRIMARY KEY,
  topic INTEGER NOT NULL,
  origin INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  id BLOB NOT NULL,
  expires_ms INTEGER NOT NULL,
  size INTEGER NOT NULL,
  envelope BLOB NOT NULL,
  UNIQUE (origin, topic, seq)
);
CREATE INDEX message_by_expiry ON message (expires_ms);
CREATE INDEX message_to_drop ON message (expires_ms) WHERE size > 0;
)";

enum Query : std::size_t {
  kFindTopic,
  kAddTopic,
  kCountTopics,
  kDropTopics,
  kGetSince,
  kSetSince,
  kFindOrigin,
  kAddOrigin,
  kGetOrigin,
  kDropOrigin,
  kPut,
  kFindMessage,
  kRead,
  kSeen,
  kFirstEnvelope,
  kDropEnvelope,
  kFirstMessage,
  kDropMessage,
  kExpired,
  kExpire,
  kTotals,
  kQueries,
};

inline constexpr std::array<const char*, kQueries> kSql = {
    // clang-format off
    "SELECT id FROM topic WHERE name = ?",
    "INSERT INTO topic (name) VALUES (?)",
    "SELECT count(*) FROM topic",
    "DELETE FROM topic WHERE since_ms IS NULL AND id NOT IN (SELECT topic FROM message)",
    "SELECT since_ms FROM topic WHERE id = ? AND since_ms IS NOT NULL",
    "UPDATE topic SET since_ms = ? WHERE id = ?",
    "SELECT id FROM origin WHERE node = ? AND epoch = ?",
    "INSERT INTO origin (node, epoch) VALUES (?, ?)",
    "SELECT node, epoch FROM origin WHERE id = ?",
    "DELETE FROM origin WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM message WHERE origin = ?1)",
    "INSERT INTO message (topic, origin, seq, id, expires_ms, size, envelope) VALUES (?, ?, ?, ?, ?, ?, ?)",
    "SELECT number, size, topic, origin, seq FROM message WHERE topic = ? AND origin = ? AND seq = ?",
    "SELECT seq, id, expires_ms, envelope FROM message "
    "WHERE topic = ? AND origin = ? AND seq BETWEEN ? AND ? AND size > 0 ORDER BY seq",
    "SELECT origin, seq FROM message WHERE topic = ? ORDER BY origin, seq",
    "SELECT number, size FROM message WHERE size > 0 ORDER BY expires_ms LIMIT 1",
    "UPDATE message SET envelope = x'', size = 0 WHERE number = ?",
    "SELECT number, size, topic, origin, seq FROM message ORDER BY expires_ms LIMIT 1",
    "DELETE FROM message WHERE number = ?",
    "SELECT topic, origin, seq FROM message WHERE expires_ms <= ?",
    "DELETE FROM message WHERE expires_ms <= ?",
    "SELECT count(*), ifnull(sum(size), 0) FROM message",
    // clang-format on
};

}  // namespace warren::broadcast_sql
