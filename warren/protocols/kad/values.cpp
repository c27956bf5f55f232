#include "warren/protocols/kad/values.hpp"

#include "warren/protocols/kad/limits.hpp"
#include "warren/protocols/kad/parallel.hpp"

namespace warren::kad {

// What the peers asked so far hold.
struct Values::Found {
  Bytes key;
  std::optional<Bytes> best;
  std::vector<PeerInfo> outdated;  // who told something older
  std::vector<PeerInfo> holders;   // who told the best
};

Values::Values(Env& env, Search& search, Neighbourhood& neighbourhood, Rpc& rpc, Records& records,
               TaskGroup& background)
    : env_(env),
      search_(search),
      neighbourhood_(neighbourhood),
      rpc_(rpc),
      records_(records),
      background_(background) {}

Task<Bytes> Values::get(Bytes key, LookupReport* report) {
  if (!records_.knows_namespace(key)) throw_error(Errc::kUnsupported, "namespace");
  Found found;
  found.key = key;
  auto held = co_await records_.get(key);
  if (held) found.best = std::move(*held);
  // Nobody to ask is no reason not to know what is held here.
  const auto asked = co_await as_result(search(found, report));
  if (!asked && !found.best) throw_error(asked.error());
  if (!found.best) throw_error(Errc::kNotFound, "value");
  if (found.outdated.size() > kCorrectedMax) found.outdated.resize(kCorrectedMax);
  if (!found.outdated.empty()) background_.spawn(correct(std::move(found.outdated), key, *found.best));
  co_return std::move(*found.best);
}

Task<void> Values::search(Found& found, LookupReport* report) {
  Ask ask = [this, &found](PeerInfo peer) { return ask_for_value(std::move(peer), found); };
  Enough enough = [&found](const Lookup&) { return found.holders.size() >= kQuorum; };
  auto nearest = co_await search_.run(Key::of(found.key), std::move(ask), std::move(enough), report);
  // A crowd around the key may tell nothing, or what has been replaced long ago.
  auto others = co_await neighbourhood_.beyond(found.key, std::move(nearest));
  Action ask_more = [this, &found](PeerInfo peer) { return ask_one_more(std::move(peer), found); };
  co_await for_all(env_, std::move(others), std::move(ask_more));
}

Task<void> Values::ask_one_more(PeerInfo peer, Found& found) {
  const auto named = co_await ask_for_value(std::move(peer), found);
  std::ignore = named;
}

Task<std::vector<PeerInfo>> Values::ask_for_value(PeerInfo peer, Found& found) {
  Message question{.type = MessageType::kGetValue, .key = found.key};
  Message answer = co_await rpc_.ask(peer, std::move(question));
  if (answer.record) {
    Bytes value = std::move(answer.record->value);
    const bool known = found.best == value;  // it was checked when it came first
    Result<> valid;
    if (!known) valid = co_await records_.check(found.key, value);
    if (valid) take(found, std::move(peer), std::move(value));
  }
  co_return std::move(answer.closer);
}

void Values::take(Found& found, PeerInfo peer, Bytes value) const {
  if (found.best == value) {
    found.holders.push_back(std::move(peer));
  } else if (!found.best || records_.supersedes(found.key, value, *found.best)) {
    found.best = std::move(value);
    std::ranges::move(found.holders, std::back_inserter(found.outdated));
    found.holders = {std::move(peer)};
  } else {
    found.outdated.push_back(std::move(peer));
  }
}

Task<std::size_t> Values::put(Bytes key, Bytes value, LookupReport* report) {
  value_or_throw(co_await records_.put(key, value, true));
  const std::size_t took = co_await publish(std::move(key), std::move(value), report);
  if (took == 0) throw_error(Errc::kUnreachable, "nobody took the value");
  co_return took;
}

Task<std::size_t> Values::publish(Bytes key, Bytes value, LookupReport* report) {
  auto nearest = co_await neighbourhood_.peers(key, report);
  Action store = [this, key = std::move(key), value = std::move(value)](PeerInfo peer) {
    return store_at(std::move(peer), key, value);
  };
  co_return co_await for_all(env_, std::move(nearest), std::move(store));
}

Task<void> Values::store_at(PeerInfo peer, Bytes key, Bytes value) {
  Message put{.type = MessageType::kPutValue, .key = key, .record = WireRecord{.key = key, .value = value}};
  const Message answer = co_await rpc_.ask(std::move(peer), std::move(put));
  if (!answer.record || answer.record->value != value)
    throw_error(Errc::kMalformed, "a value was not stored");
}

Task<void> Values::correct(std::vector<PeerInfo> outdated, Bytes key, Bytes value) {
  Action store = [this, key = std::move(key), value = std::move(value)](PeerInfo peer) {
    return store_at(std::move(peer), key, value);
  };
  co_await for_all(env_, std::move(outdated), std::move(store));
}

}  // namespace warren::kad
