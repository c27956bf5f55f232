#include "warren/protocols/kad/records.hpp"

#include "warren/base/log.hpp"
#include "warren/protocols/kad/limits.hpp"

namespace warren::kad {

namespace {

// A record that comes again says that it lives longer by so little that it is not worth a write.
constexpr auto kWorthWriting = std::chrono::minutes(10);

Result<WallTime> validate(const Validators& validators, const Bytes& key, const Bytes& value, WallTime now) {
  const Validator* validator = validators.find(key);
  if (validator == nullptr) return fail(Errc::kUnsupported);
  return validator->validate(key, value, now);
}

Result<> put_checked(const Validators& validators, DhtStore& store, DhtRecord record, WallTime now) {
  const auto expires = validate(validators, record.key, record.value, now);
  if (!expires) return fail(expires.error());
  record.received = now;
  record.expires = *expires;
  const auto held = store.record(record.key, now);
  if (held) {
    const Validator& validator = *validators.find(record.key);
    const bool same = held->value == record.value;
    const bool ours_stays = held->own && !record.own;
    if (!same && validator.supersedes(record.key, held->value, record.value)) return fail(Errc::kOldRecord);
    if (!same && ours_stays && !validator.supersedes(record.key, record.value, held->value)) {
      return fail(Errc::kOldRecord);
    }
    if (same && held->own >= record.own && record.expires - held->expires < kWorthWriting) return {};
    record.own |= held->own;
  }
  return store.put_record(record);
}

// What the store cannot do for lack of a disk is told to nobody but the log: lookups go on without it.
template <class T>
T value_or_empty(Result<T> result) {
  if (result) return std::move(*result);
  log::warning("kad", "the store failed: " + result.error().message());
  return {};
}

}  // namespace

Task<Result<>> Records::check(Bytes key, Bytes value) {
  const WallTime now = env_.clock.wall_now();
  auto job = [this, &key, &value, now]() -> Result<> {
    const auto expires = validate(validators_, key, value, now);
    if (!expires) return fail(expires.error());
    return {};
  };
  co_return co_await env_.offload.run(std::move(job));
}

Task<Result<>> Records::put(Bytes key, Bytes value, bool own) {
  const WallTime now = env_.clock.wall_now();
  auto job = [this, &key, &value, own, now] {
    return put_checked(validators_, store_, {.key = std::move(key), .value = std::move(value), .own = own},
                       now);
  };
  co_return co_await env_.offload.run(std::move(job));
}

Task<Result<Bytes>> Records::get(Bytes key) {
  const WallTime now = env_.clock.wall_now();
  auto job = [this, &key, now]() -> Result<Bytes> {
    auto record = store_.record(key, now);
    if (!record) return fail(record.error());
    return std::move(record->value);
  };
  co_return co_await env_.offload.run(std::move(job));
}

bool Records::supersedes(BytesView key, BytesView a, BytesView b) const {
  const Validator* validator = validators_.find(key);
  return validator != nullptr && validator->supersedes(key, a, b);
}

Task<Result<>> Records::put_provider(Bytes key, PeerInfo provider, bool own) {
  const WallTime now = env_.clock.wall_now();
  DhtProvider entry{.key = std::move(key),
                    .provider = std::move(provider),
                    .received = now,
                    .expires = now + std::chrono::duration_cast<std::chrono::milliseconds>(kProviderLife),
                    .own = own};
  auto job = [this, &entry] { return store_.put_provider(entry); };
  co_return co_await env_.offload.run(std::move(job));
}

Task<std::vector<DhtProvider>> Records::providers(Bytes key, std::size_t limit) {
  const WallTime now = env_.clock.wall_now();
  auto job = [this, &key, now, limit] { return store_.providers(key, now, limit); };
  auto found = co_await env_.offload.run(std::move(job));
  co_return value_or_empty(std::move(found));
}

Task<std::vector<DhtRecord>> Records::own_records() {
  auto job = [this] { return store_.own_records(); };
  auto found = co_await env_.offload.run(std::move(job));
  co_return value_or_empty(std::move(found));
}

Task<std::vector<DhtProvider>> Records::own_providers() {
  auto job = [this] { return store_.own_providers(); };
  auto found = co_await env_.offload.run(std::move(job));
  co_return value_or_empty(std::move(found));
}

Task<void> Records::disown(Bytes key) {
  auto job = [this, &key] { return store_.disown(key); };
  value_or_throw(co_await env_.offload.run(std::move(job)));
}

Task<void> Records::expire() {
  const WallTime now = env_.clock.wall_now();
  auto job = [this, now] { return store_.expire(now); };
  value_or_empty(co_await env_.offload.run(std::move(job)));
}

Task<void> Records::save_peers(std::vector<PeerInfo> peers) {
  auto job = [this, &peers] { return store_.save_peers(peers); };
  const auto saved = co_await env_.offload.run(std::move(job));
  if (!saved) log::warning("kad", "the routing table is not saved: " + saved.error().message());
}

Task<std::vector<PeerInfo>> Records::load_peers() {
  auto job = [this] { return store_.load_peers(); };
  auto found = co_await env_.offload.run(std::move(job));
  co_return value_or_empty(std::move(found));
}

Task<DhtStore::Usage> Records::usage() {
  auto job = [this] { return store_.usage(); };
  auto found = co_await env_.offload.run(std::move(job));
  co_return value_or_empty(std::move(found));
}

}  // namespace warren::kad
