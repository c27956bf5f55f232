#include "warren/broadcast/topic_tender.hpp"

#include <algorithm>

#include "warren/async/as_result.hpp"
#include "warren/base/log.hpp"
#include "warren/broadcast/repair.hpp"
#include "warren/core/spoken_protocol.hpp"

namespace warren {
namespace {

// Whatever happens on a topic, its gaps are gone through this often at most: there may be many.
constexpr Duration kRest = std::chrono::milliseconds(200);
// A reliable topic's peers come and go without a word to us.
constexpr Duration kLook = std::chrono::seconds(1);
// What a peer is about to give need not be told of as missing; but a silent one holds up nobody's report.
constexpr Duration kAnswerPatience = std::chrono::seconds(1);

// The lowest number that we have of each origin: what is older was before our time.
std::map<BroadcastOrigin, std::uint64_t> beginnings(const GapBook& gaps) {
  std::map<BroadcastOrigin, std::uint64_t> lowest;
  for (const BroadcastRange& range : gaps.held()) {
    auto& first = lowest.try_emplace(range.origin, range.first).first->second;
    first = std::min(first, range.first);
  }
  return lowest;
}

// What a peer knows to exist is missing here from now on. Of an origin that we have nothing of, although we
// were given all that was sent since we subscribed, nothing is.
void follow(TopicLife& life, const std::vector<BroadcastRange>& known, Instant now) {
  const auto lowest = beginnings(life.gaps);
  for (BroadcastRange range : known) {
    const auto found = lowest.find(range.origin);
    if (found == lowest.end()) continue;
    range.first = std::max(range.first, found->second);
    if (range.first <= range.last) life.gaps.follow(range, now);
  }
}

}  // namespace

Task<void> TopicTender::tend(TopicPtr topic, TopicLifePtr life) {
  Clock& clock = host_.env().clock;
  while (!life->over) {
    const std::uint64_t seen = life->stirs;
    if (life->asking_since && clock.now() < *life->asking_since + kAnswerPatience) {
      co_await race(life->changed.wait(), clock.sleep_until(*life->asking_since + kAnswerPatience));
      continue;
    }
    tell(topic, *life);
    co_await rest(topic, life, seen);
  }
}

Task<void> TopicTender::compare_notes(TopicPtr topic, TopicLifePtr life) {
  while (!life->over) {
    const std::uint64_t seen = life->stirs;
    if (!topic->is_reliable()) life->restored = false;  // what comes now is not remembered
    if (topic->is_reliable() && !life->restored) co_await restore(topic, life);
    if (topic->is_reliable() && !life->over) co_await compare(topic, life);
    co_await rest(topic, life, seen);
  }
}

Task<void> TopicTender::until_restored(TopicPtr topic, TopicLifePtr life) {
  while (topic->is_reliable() && !life->restored && !life->over) co_await life->changed.wait();
}

Task<void> TopicTender::restore(TopicPtr topic, TopicLifePtr life) {
  struct Remembered {
    Result<WallTime> since;
    Result<std::vector<BroadcastRange>> seen;
  };
  // What an earlier life of the topic left behind may yet be taken back.
  co_await deliveries_.finish(topic);
  const WallTime now = host_.env().clock.wall_now();
  auto work = [this, &topic, now] {
    return Remembered{store_.subscribed_since(topic->wire, now), store_.seen(topic->wire)};
  };
  const Remembered remembered = co_await host_.env().offload.run(std::move(work));
  if (!remembered.since || !remembered.seen)
    log::error("broadcast", "what came on " + topic->wire + " before the start can't be read");
  life->since = remembered.since.value_or(now);
  if (remembered.seen) {
    for (const BroadcastRange& range : *remembered.seen) {
      life->gaps.restore(range, host_.env().clock.now());
    }
  }
  life->restored = true;
  life->changed.notify_all();
}

void TopicTender::tell(const TopicPtr& topic, TopicLife& life) {
  const Instant now = host_.env().clock.now();
  std::vector<BroadcastRange> lost = life.gaps.take_lost();
  const BroadcastRanges missing = normalized(life.gaps.missing(now));
  // While a peer keeps on giving, what is late may only be behind a lot else.
  const bool is_fetching = topic->is_reliable() && life.plan.is_fetching();
  if (!is_fetching) std::ranges::copy(life.gaps.overdue(now), std::back_inserter(lost));
  if (topic->is_reliable() && !missing.empty())
    std::ranges::copy(life.plan.hopeless(missing, candidates(*topic)), std::back_inserter(lost));
  const BroadcastRanges given_up = normalized(std::move(lost));
  for (const BroadcastRange& range : given_up) life.gaps.give_up(range);
  std::vector<GapReport> reports = life.reports.lose(given_up);
  std::ranges::copy(life.reports.update(without(missing, given_up)), std::back_inserter(reports));
  deliveries_.tell(topic, reports);
}

std::vector<PeerId> TopicTender::candidates(const TopicEntry& topic) const {
  std::vector<PeerId> peers = gossip_.topic_peers(topic.wire);
  std::erase_if(peers, [this](const PeerId& peer) {
    return speaks(host_.peerstore(), peer, kRepairProtocol) != true || host_.connections(peer).empty();
  });
  return peers;
}

Task<void> TopicTender::compare(TopicPtr topic, TopicLifePtr life) {
  Env& env = host_.env();
  const bool is_missing = !life->gaps.missing(env.clock.now()).empty();
  const auto peer = life->plan.choose(candidates(*topic), is_missing, env.clock.now(), env.random);
  if (!peer) co_return;
  life->asking_since = env.clock.now();
  co_await ask(topic, life, *peer);
  life->asking_since.reset();
  life->stir();
}

Task<void> TopicTender::ask(TopicPtr topic, TopicLifePtr life, PeerId peer) {
  Env& env = host_.env();
  auto answer = co_await as_result(ask_repair(host_, host_.connections(peer).front(), topic->wire,
                                              life->since, life->gaps.held(), limits_));
  if (life->over) co_return;
  if (!answer) {
    log::debug("broadcast", "comparing " + topic->wire + " failed: " + answer.error().message());
    life->plan.failed(peer, env.clock.now());
    co_return;
  }
  const auto taken = co_await take_all(topic, peer, std::move(answer->envelopes));
  if (life->over) co_return;
  if (!taken) {
    life->plan.failed(peer, env.clock.now());
    co_return;
  }
  follow(*life, answer->known, env.clock.now());
  // Who promises more and brings nothing new is asked again in its turn.
  life->plan.answered(peer, std::move(answer->gone), answer->more && *taken > 0, env.clock.now());
}

Task<std::optional<std::size_t>> TopicTender::take_all(TopicPtr topic, PeerId peer,
                                                       std::vector<Bytes> envelopes) {
  std::size_t taken = 0;
  for (Bytes& envelope : envelopes) {
    Intake::Incoming incoming{std::move(envelope), BroadcastWay::kFetched, peer, {}};
    const auto outcome = co_await intake_.take(topic, std::move(incoming));
    if (outcome) ++taken;
    if (outcome || !is_provably_bad(outcome.error())) continue;
    ++topic->rejected;
    gossip_.blame(peer);
    co_return std::nullopt;
  }
  co_return taken;
}

// For a while, and then until there is something to do.
Task<void> TopicTender::rest(TopicPtr topic, TopicLifePtr life, std::uint64_t stirs_seen) {
  Clock& clock = host_.env().clock;
  co_await clock.sleep_for(kRest);
  Instant until = life->gaps.next_change(clock.now()).value_or(clock.now() + std::chrono::hours(1));
  if (topic->is_reliable()) until = std::min(until, clock.now() + kLook);
  while (life->stirs == stirs_seen && !life->over && clock.now() < until) {
    co_await race(life->changed.wait(), clock.sleep_until(until));
  }
}

}  // namespace warren
