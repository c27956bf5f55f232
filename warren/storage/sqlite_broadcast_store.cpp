#include "warren/storage/sqlite_broadcast_store.hpp"

#include <algorithm>
#include <mutex>

#include "warren/storage/broadcast_numbers.hpp"
#include "warren/storage/database.hpp"
#include "warren/storage/sqlite_broadcast_queries.hpp"

namespace warren {

using namespace broadcast_sql;

namespace {

Result<BroadcastOrigin> read_origin(const Statement& row) {
  const auto node = NodeId::from_key_bytes(row.bytes(0));
  const BytesView epoch = row.bytes(1);
  if (!node || epoch.size() != BroadcastOrigin{*node}.epoch.size())
    return fail(Errc::kStorage);  // somebody edited the file
  BroadcastOrigin origin{*node};
  std::ranges::copy(epoch, origin.epoch.begin());
  return origin;
}

std::int64_t to_row(std::uint64_t number) {
  return static_cast<std::int64_t>(std::min<std::uint64_t>(number, INT64_MAX));
}

}  // namespace

struct SqliteBroadcastStore::State {
  Database database;
  std::vector<Statement> statements;
  SqliteBroadcastStoreLimits limits;
  BroadcastUsage held{};                        // as in the file
  BroadcastNumbers seen{};                      // the same
  std::vector<BroadcastNumbers::Place> gone{};  // in the transaction that runs
  std::mutex mutex{};

  Statement& operator[](Query query) { return statements[query]; }
  Result<> load_totals();
  Result<std::int64_t> number_of(Statement& statement);  // of its only row; 0 without one
  Result<std::int64_t> topic_row(const std::string& topic);
  Result<std::int64_t> add_topic(const std::string& topic);
  Result<std::int64_t> origin_row(const BroadcastOrigin& origin);
  Result<> change(const std::function<Result<>()>& work);
  Result<> insert(const StoredBroadcast& message, BroadcastNumbers::Place& put);
  Result<> make_room(std::uint64_t bytes);
  Result<> drop_envelope();
  Result<> drop_first_message();
  Result<> drop_message(Statement& found);
  Result<std::size_t> expire(WallTime now);
  Result<BroadcastNumbers::Origins*> load_seen(std::int64_t topic);
};

SqliteBroadcastStore::SqliteBroadcastStore(std::unique_ptr<State> state) : state_(std::move(state)) {}
SqliteBroadcastStore::~SqliteBroadcastStore() = default;

Result<std::unique_ptr<SqliteBroadcastStore>> SqliteBroadcastStore::open(const std::string& path,
                                                                         SqliteBroadcastStoreLimits limits) {
  auto database = Database::open(path, {broadcast_sql::kSchema});
  if (!database) return fail(database.error());
  if (const auto set = database->execute("PRAGMA synchronous=NORMAL"); !set) return fail(set.error());
  std::vector<Statement> statements;
  for (const char* sql : kSql) {
    auto statement = database->prepare(sql);
    if (!statement) return fail(statement.error());
    statements.push_back(std::move(*statement));
  }
  auto state = std::unique_ptr<State>(new State{std::move(*database), std::move(statements), limits});
  if (const auto loaded = state->load_totals(); !loaded) return fail(loaded.error());
  return std::unique_ptr<SqliteBroadcastStore>(new SqliteBroadcastStore(std::move(state)));
}

Result<> SqliteBroadcastStore::State::load_totals() {
  Statement& totals = (*this)[kTotals];
  const Result<bool> row = totals.step();
  if (!row) return fail(row.error());
  held.messages = static_cast<std::uint64_t>(totals.integer(0));
  held.bytes = static_cast<std::uint64_t>(totals.integer(1));
  totals.reset();
  return {};
}

Result<std::int64_t> SqliteBroadcastStore::State::number_of(Statement& statement) {
  const Result<bool> row = statement.step();
  if (!row) return fail(row.error());
  const std::int64_t number = *row ? statement.integer(0) : 0;
  statement.reset();
  return number;
}

// A transaction, whose failure takes back what was counted.
Result<> SqliteBroadcastStore::State::change(const std::function<Result<>()>& work) {
  const BroadcastUsage before = held;
  gone.clear();
  const auto done = database.transaction(work);
  if (!done) {
    held = before;
    return done;
  }
  for (const auto& each : gone) seen.remove(each);
  return {};
}

Result<std::int64_t> SqliteBroadcastStore::State::topic_row(const std::string& topic) {
  return number_of((*this)[kFindTopic].bind(1, as_bytes(topic)));
}

Result<std::int64_t> SqliteBroadcastStore::State::add_topic(const std::string& topic) {
  const auto found = topic_row(topic);
  if (!found || *found != 0) return found;
  const auto is_full = [this]() -> Result<bool> {
    const auto count = number_of((*this)[kCountTopics]);
    if (!count) return fail(count.error());
    return static_cast<std::uint64_t>(*count) >= limits.topics_max;
  };
  auto full = is_full();
  if (full && *full) {
    if (const auto dropped = (*this)[kDropTopics].run(); !dropped) return fail(dropped.error());
    seen.clear();
    full = is_full();
  }
  if (!full) return fail(full.error());
  if (*full) return fail(Errc::kLimitReached);
  const auto added = (*this)[kAddTopic].bind(1, as_bytes(topic)).run();
  if (!added) return fail(added.error());
  return database.last_row_id();
}

Result<std::int64_t> SqliteBroadcastStore::State::origin_row(const BroadcastOrigin& origin) {
  return number_of((*this)[kFindOrigin].bind(1, origin.node.key_bytes()).bind(2, origin.epoch));
}

Result<> SqliteBroadcastStore::put(const StoredBroadcast& message) {
  if (message.seq == 0 || message.seq > INT64_MAX) return fail(Errc::kMalformed);
  const std::lock_guard lock(state_->mutex);
  BroadcastNumbers::Place put{};
  const auto done = state_->change([&] { return state_->insert(message, put); });
  if (!done) return done;
  const bool stayed = std::ranges::find(state_->gone, put) == state_->gone.end();
  if (stayed) state_->seen.add(put, message.origin);
  return {};
}

Result<> SqliteBroadcastStore::State::insert(const StoredBroadcast& message, BroadcastNumbers::Place& put) {
  const auto topic = add_topic(message.topic);
  if (!topic) return fail(topic.error());
  auto origin = origin_row(message.origin);
  if (origin && *origin == 0) {
    const auto added =
        (*this)[kAddOrigin].bind(1, message.origin.node.key_bytes()).bind(2, message.origin.epoch).run();
    if (!added) return fail(added.error());
    origin = database.last_row_id();
  }
  if (!origin) return fail(origin.error());
  const std::uint64_t size = message.envelope.size();
  const auto inserted = (*this)[kPut]
                            .bind(1, *topic)
                            .bind(2, *origin)
                            .bind(3, to_row(message.seq))
                            .bind(4, message.id)
                            .bind(5, unix_ms(message.expires))
                            .bind(6, to_row(size))
                            .bind(7, message.envelope)
                            .run();
  if (!inserted) return fail(inserted.error());
  held.messages += 1;
  held.bytes += size;
  put = {*topic, *origin, message.seq};
  return make_room(size);
}

// Until the bounds are kept again, with what came in. It may go itself, when it expires first.
Result<> SqliteBroadcastStore::State::make_room(std::uint64_t bytes) {
  if (bytes > limits.bytes_max) return fail(Errc::kLimitReached);
  while (held.bytes > limits.bytes_max) {
    if (const auto dropped = drop_envelope(); !dropped) return dropped;
  }
  while (held.messages > limits.messages_max) {
    if (const auto dropped = drop_first_message(); !dropped) return dropped;
  }
  return {};
}

Result<> SqliteBroadcastStore::State::drop_envelope() {
  Statement& first = (*this)[kFirstEnvelope];
  const Result<bool> row = first.step();
  if (!row) return fail(row.error());
  if (!*row) return fail(Errc::kStorage);  // what was counted is not there
  const std::int64_t number = first.integer(0);
  held.bytes -= static_cast<std::uint64_t>(first.integer(1));
  first.reset();
  const auto dropped = (*this)[kDropEnvelope].bind(1, number).run();
  return dropped ? Result<>{} : fail(dropped.error());
}

Result<> SqliteBroadcastStore::State::drop_first_message() {
  Statement& first = (*this)[kFirstMessage];
  const Result<bool> row = first.step();
  if (!row) return fail(row.error());
  if (!*row) return fail(Errc::kStorage);
  return drop_message(first);
}

// The one whose row `found` is at.
Result<> SqliteBroadcastStore::State::drop_message(Statement& found) {
  const std::int64_t number = found.integer(0);
  held.bytes -= static_cast<std::uint64_t>(found.integer(1));
  held.messages -= 1;
  gone.push_back({found.integer(2), found.integer(3), static_cast<std::uint64_t>(found.integer(4))});
  found.reset();
  for (auto* statement :
       {&(*this)[kDropMessage].bind(1, number), &(*this)[kDropOrigin].bind(1, gone.back().origin)}) {
    if (const auto dropped = statement->run(); !dropped) return fail(dropped.error());
  }
  return {};
}

Result<> SqliteBroadcastStore::forget(const std::string& topic, const BroadcastOrigin& origin,
                                      std::uint64_t seq) {
  const std::lock_guard lock(state_->mutex);
  return state_->change([&]() -> Result<> {
    const auto topic_row = state_->topic_row(topic);
    if (!topic_row) return fail(topic_row.error());
    const auto origin_row = state_->origin_row(origin);
    if (!origin_row) return fail(origin_row.error());
    Statement& found = (*state_)[kFindMessage].bind(1, *topic_row).bind(2, *origin_row).bind(3, to_row(seq));
    const Result<bool> row = found.step();
    if (!row) return fail(row.error());
    if (*row) return state_->drop_message(found);
    found.reset();
    return {};
  });
}

Result<std::vector<StoredBroadcast>> SqliteBroadcastStore::read(const std::string& topic,
                                                                const BroadcastRange& range,
                                                                std::size_t bytes_max) {
  const std::lock_guard lock(state_->mutex);
  const auto topic_row = state_->topic_row(topic);
  if (!topic_row) return fail(topic_row.error());
  const auto origin_row = state_->origin_row(range.origin);
  if (!origin_row) return fail(origin_row.error());
  std::vector<StoredBroadcast> messages;
  if (range.first > INT64_MAX) return messages;
  Statement& select = (*state_)[kRead]
                          .bind(1, *topic_row)
                          .bind(2, *origin_row)
                          .bind(3, to_row(range.first))
                          .bind(4, to_row(range.last));
  std::size_t bytes = 0;
  while (true) {
    const Result<bool> row = select.step();
    if (!row) return fail(row.error());
    if (!*row) break;
    const BytesView id = select.bytes(1), envelope = select.bytes(3);
    if (!messages.empty() && envelope.size() > bytes_max - std::min(bytes, bytes_max)) break;
    StoredBroadcast message{.topic = topic, .origin = range.origin, .envelope = {}};
    if (id.size() != message.id.size()) {
      select.reset();
      return fail(Errc::kStorage);
    }
    message.seq = static_cast<std::uint64_t>(select.integer(0));
    std::ranges::copy(id, message.id.begin());
    message.expires = from_unix_ms(select.integer(2));
    message.envelope = to_bytes(envelope);
    bytes += envelope.size();
    messages.push_back(std::move(message));
  }
  select.reset();
  return messages;
}

// Reads them from the file once; put() and expire() keep them up to date.
Result<BroadcastNumbers::Origins*> SqliteBroadcastStore::State::load_seen(std::int64_t topic) {
  if (auto* loaded = seen.find(topic)) return loaded;
  BroadcastNumbers::Origins origins;
  Statement& select = (*this)[kSeen].bind(1, topic);
  while (true) {
    const Result<bool> row = select.step();
    if (!row) return fail(row.error());
    if (!*row) break;
    auto at = origins.find(select.integer(0));
    if (at == origins.end()) {
      Statement& named = (*this)[kGetOrigin].bind(1, select.integer(0));
      const Result<bool> has_name = named.step();
      const auto origin = has_name && *has_name ? read_origin(named) : fail(Errc::kStorage);
      named.reset();
      if (!origin) {
        select.reset();
        return fail(origin.error());
      }
      at = origins.emplace(select.integer(0), BroadcastNumbers::Origin{*origin, {}}).first;
    }
    at->second.numbers.add(static_cast<std::uint64_t>(select.integer(1)));
  }
  select.reset();
  return &seen.put(topic, std::move(origins));
}

Result<std::vector<BroadcastRange>> SqliteBroadcastStore::seen(const std::string& topic) {
  const std::lock_guard lock(state_->mutex);
  const auto row = state_->topic_row(topic);
  if (!row) return fail(row.error());
  if (*row == 0) return std::vector<BroadcastRange>();
  const auto origins = state_->load_seen(*row);
  if (!origins) return fail(origins.error());
  return BroadcastNumbers::ranges_of(**origins);
}

Result<WallTime> SqliteBroadcastStore::subscribed_since(const std::string& topic, WallTime now) {
  const std::lock_guard lock(state_->mutex);
  WallTime since = now;
  const auto done = state_->change([&]() -> Result<> {
    const auto row = state_->add_topic(topic);
    if (!row) return fail(row.error());
    Statement& get = (*state_)[kGetSince].bind(1, *row);
    const Result<bool> is_set = get.step();
    if (!is_set) return fail(is_set.error());
    if (*is_set) since = from_unix_ms(get.integer(0));
    get.reset();
    if (*is_set) return {};
    const auto set = (*state_)[kSetSince].bind(1, unix_ms(now)).bind(2, *row).run();
    return set ? Result<>{} : fail(set.error());
  });
  if (!done) return fail(done.error());
  return since;
}

Result<std::size_t> SqliteBroadcastStore::expire(WallTime now) {
  const std::lock_guard lock(state_->mutex);
  std::size_t count = 0;
  const auto done = state_->change([&]() -> Result<> {
    const auto expired = state_->expire(now);
    if (!expired) return fail(expired.error());
    count = *expired;
    return {};
  });
  if (!done) return fail(done.error());
  return count;
}

Result<std::size_t> SqliteBroadcastStore::State::expire(WallTime now) {
  Statement& expired = (*this)[kExpired].bind(1, unix_ms(now));
  std::vector<std::int64_t> origins;
  while (true) {
    const Result<bool> row = expired.step();
    if (!row) return fail(row.error());
    if (!*row) break;
    gone.push_back({expired.integer(0), expired.integer(1), static_cast<std::uint64_t>(expired.integer(2))});
    origins.push_back(expired.integer(1));
  }
  expired.reset();
  if (gone.empty()) return 0;
  if (const auto erased = (*this)[kExpire].bind(1, unix_ms(now)).run(); !erased) return fail(erased.error());
  std::ranges::sort(origins);
  const auto twice = std::ranges::unique(origins);
  origins.erase(twice.begin(), twice.end());
  for (const std::int64_t origin : origins) {
    if (const auto dropped = (*this)[kDropOrigin].bind(1, origin).run(); !dropped)
      return fail(dropped.error());
  }
  if (const auto counted = load_totals(); !counted) return fail(counted.error());
  return gone.size();
}

Result<BroadcastUsage> SqliteBroadcastStore::usage() {
  const std::lock_guard lock(state_->mutex);
  return state_->held;
}

}  // namespace warren
