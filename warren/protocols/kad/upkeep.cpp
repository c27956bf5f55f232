#include "warren/protocols/kad/upkeep.hpp"

#include "warren/async/as_result.hpp"
#include "warren/base/log.hpp"
#include "warren/protocols/kad/limits.hpp"

namespace warren::kad {

namespace {

template <class T>
void note(const Result<T>& done) {
  if (!done) log::debug("kad", "upkeep: " + done.error().message());
}

}  // namespace

Upkeep::Upkeep(Host& host, const Config& config, Members& members, Rpc& rpc, Search& search, Records& records,
               Values& values, Providers& providers)
    : host_(host),
      config_(config),
      members_(members),
      rpc_(rpc),
      search_(search),
      records_(records),
      values_(values),
      providers_(providers),
      tasks_(host.env().executor, "kad.upkeep"),
      alarm_(host.env().clock, tasks_, changed_) {}

void Upkeep::start() {
  const Instant now = host_.env().clock.now();
  chores_ = {
      {&Upkeep::refresh, config_.refresh_interval, now + config_.refresh_interval},
      {&Upkeep::republish, config_.republish_interval, now + config_.republish_interval},
      {&Upkeep::expire, kExpireInterval, now + kExpireInterval},
      {&Upkeep::save, kSaveInterval, now + kSaveInterval},
      {&Upkeep::join_saved, kRejoinInterval, now},
  };
  subscriptions_.push_back(members_.entered().subscribe([this](const PeerId&) {
    if (!joined_) tasks_.spawn(join());
    joined_ = true;
  }));
  subscriptions_.push_back(members_.left().subscribe([this](const PeerId&, std::error_code) {
    if (members_.table().size() == 0) joined_ = false;  // whoever comes next is a new beginning
  }));
  tasks_.spawn(run());
}

Task<void> Upkeep::close() {
  subscriptions_.clear();
  co_await tasks_.close();
  co_await save();
}

Task<void> Upkeep::run() {
  while (true) {
    const Instant now = host_.env().clock.now();
    for (Chore& chore : chores_) {
      if (!chore.running && chore.due <= now) {
        chore.running = true;
        tasks_.spawn(do_chore(chore));
      } else if (!chore.running) {
        alarm_.set(chore.due);
      }
    }
    co_await changed_.wait();
  }
}

Task<void> Upkeep::do_chore(Chore& chore) {
  note(co_await as_result((this->*chore.run)()));
  // Not all nodes of a network at once: up to an eighth later.
  const auto late = static_cast<std::uint64_t>(chore.interval.count() / 8 + 1);
  chore.due = host_.env().clock.now() + chore.interval + Duration(host_.env().random.below(late));
  chore.running = false;
  changed_.notify_all();
}

Task<void> Upkeep::join_saved() {
  rpc_.idle().sweep(host_.env().clock.now());
  if (members_.table().size() > 0) co_return;
  auto saved = co_await records_.load_peers();
  if (saved.empty()) co_return;
  // A lookup asks them in parallel, and does not wait for those that are gone.
  const Key self = Key::of(host_.peer_id());
  Ask ask = search_.find_node(to_bytes(host_.peer_id().bytes()));
  const Enough never;
  co_await search_.run_from(std::move(saved), self, std::move(ask), never, nullptr);
}

Task<void> Upkeep::join() {
  co_await search_.nearest(to_bytes(host_.peer_id().bytes()), nullptr);
  note(co_await as_result(refresh()));
  co_await republish();
}

Task<void> Upkeep::refresh() {
  const RoutingTable& table = members_.table();
  const Instant now = host_.env().clock.now();
  std::vector<Prefix> prefixes;
  // Those that are due before the next time.
  for (const std::size_t target : table.refresh_targets(now, config_.refresh_interval / 2)) {
    if (target < kKeyBits) {
      prefixes.push_back(table.refresh_prefix(target));
    } else {
      co_await search_.nearest(to_bytes(host_.peer_id().bytes()), nullptr);
    }
  }
  auto keys = co_await search_.preimages(std::move(prefixes));
  for (Bytes& key : keys) note(co_await as_result(search_.nearest(std::move(key), nullptr)));
}

Task<void> Upkeep::republish() {
  if (members_.table().size() == 0) co_return;
  auto own_records = co_await records_.own_records();
  for (DhtRecord& record : own_records) {
    const auto valid = co_await records_.check(record.key, record.value);
    if (valid) {
      note(co_await as_result(values_.publish(std::move(record.key), std::move(record.value), nullptr)));
    } else {
      co_await records_.disown(record.key);  // what has come to its end is no longer kept alive
    }
  }
  auto own_providers = co_await records_.own_providers();
  for (DhtProvider& provider : own_providers) {
    note(co_await as_result(providers_.provide(std::move(provider.key), nullptr)));
  }
}

Task<void> Upkeep::expire() {
  co_await records_.expire();
}

Task<void> Upkeep::save() {
  auto peers = members_.seeds(Key::of(host_.peer_id()), kSavedPeersMax);
  // An empty table is a bad time, not a better knowledge.
  if (!peers.empty()) co_await records_.save_peers(std::move(peers));
}

}  // namespace warren::kad
