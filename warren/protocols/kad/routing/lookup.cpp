#include "warren/protocols/kad/routing/lookup.hpp"

#include <algorithm>

#include "warren/protocols/kad/routing/diversity.hpp"

namespace warren::kad {

namespace {

constexpr std::size_t kPathsMax = 8;
constexpr std::size_t kAddressesMax = 16;  // of one candidate; a peer with both families has about 8
constexpr int kPatience = 3;               // how much longer the slow get while the answer is short
// The slow and the others under way together, in multiples of `concurrency`: streams and dials are not free.
constexpr std::size_t kUnderWayMax = 4;
// From so many peers that turned out dead on, who named them has to have named half as many that live.
constexpr int kDeadNamesMax = 4;

}  // namespace

struct Lookup::Candidate {
  enum class State : std::uint8_t { kHeard, kWaiting, kAnswered, kFailed };

  PeerInfo info;
  Distance distance;
  IpGroups groups;
  State state = State::kHeard;
  PathSet paths = 0;         // that have heard of it
  PathSet asked_by = 0;      // the one that asked it
  bool asked_again = false;  // it failed, had new addresses, and is not asked a third time
  bool counted_slow = false;
  std::size_t hop = 0;
  std::size_t step = 0;           // in steps_, once asked
  Candidate* named_by = nullptr;  // first; it has answered, and thus stays
  int named_dead = 0;             // of those that it named first: failed or slow
  int named_alive = 0;

  bool names_dead() const { return named_dead >= kDeadNamesMax && named_dead > 2 * named_alive; }
  // To be asked when there is nobody else: a liar could otherwise keep us busy with peers that do not exist.
  bool doubtful() const { return state == State::kHeard && named_by && named_by->names_dead(); }
};

Lookup::Lookup(Key target, std::vector<PeerInfo> seeds, LookupLimits limits)
    : target_(target), limits_(limits) {
  limits_.paths = std::clamp<std::size_t>(limits_.paths, 1, kPathsMax);
  for (PeerInfo& seed : seeds) insert(std::move(seed), 1, nullptr);
  for (std::size_t i = 0; i < candidates_.size(); ++i) {
    candidates_[i]->paths = static_cast<PathSet>(1 << i % limits_.paths);
  }
}

Lookup::~Lookup() = default;
Lookup::Lookup(Lookup&&) noexcept = default;
Lookup& Lookup::operator=(Lookup&&) noexcept = default;

std::optional<PeerInfo> Lookup::next(Instant now) {
  now_ = now;
  note_slow(now);
  if (steps_.size() >= limits_.questions_max) return std::nullopt;
  if (waiting_.size() >= kUnderWayMax * limits_.concurrency) return std::nullopt;
  const std::size_t each = std::max<std::size_t>(1, limits_.concurrency / limits_.paths);
  for (std::size_t i = 0; i < limits_.paths; ++i) {
    const std::size_t path = (turn_ + i) % limits_.paths;
    const auto bit = static_cast<PathSet>(1 << path);
    const auto busy = std::ranges::count_if(
        waiting_, [&](const Candidate* one) { return one->asked_by == bit && !slow(*one, now); });
    if (static_cast<std::size_t>(busy) >= each) continue;
    for (Candidate* one : window(bit, now)) {
      if (one->state == Candidate::State::kHeard) return ask(*one, path, now);
    }
  }
  return std::nullopt;
}

PeerInfo Lookup::ask(Candidate& candidate, std::size_t path, Instant now) {
  turn_ = path + 1;
  candidate.state = Candidate::State::kWaiting;
  candidate.asked_by = static_cast<PathSet>(1 << path);
  candidate.step = steps_.size();
  waiting_.push_back(&candidate);
  LookupStep step;
  step.peer = candidate.info.id;
  step.hop = candidate.hop;
  step.asked = now;
  step.common_prefix = candidate.distance.leading_zeros();
  steps_.push_back(step);
  return candidate.info;
}

void Lookup::answered(const PeerId& peer, std::vector<PeerInfo> closer, Instant now) {
  now_ = now;
  Candidate* const who = asked(peer);
  if (!who) return;
  const Duration time = now - steps_[who->step].asked;
  times_.insert(std::ranges::upper_bound(times_, time), time);
  who->state = Candidate::State::kAnswered;
  if (who->named_by) {
    ++who->named_by->named_alive;
    if (who->counted_slow) --who->named_by->named_dead;
  }
  end_question(*who, LookupStep::State::kAnswered, now);
  if (closer.size() > limits_.answer_max) closer.resize(limits_.answer_max);
  for (PeerInfo& info : closer) insert(std::move(info), who->asked_by, who);
}

void Lookup::failed(const PeerId& peer, Instant now) {
  now_ = now;
  Candidate* const who = asked(peer);
  if (!who) return;
  who->state = Candidate::State::kFailed;
  if (who->named_by && !who->counted_slow) ++who->named_by->named_dead;
  end_question(*who, LookupStep::State::kFailed, now);
}

std::optional<Instant> Lookup::wake_at() const {
  std::optional<Instant> soonest;
  const Duration slow = slow_now();
  for (const Candidate* one : waiting_) {
    for (const Instant at : {steps_[one->step].asked + slow, steps_[one->step].asked + kPatience * slow}) {
      if (at > now_ && (!soonest || at < *soonest)) soonest = at;
    }
  }
  return soonest;
}

bool Lookup::done(Instant now) const {
  if (times_.empty() && !waiting_.empty()) return false;
  for (std::size_t path = 0; path < limits_.paths; ++path) {
    if (!path_done(static_cast<PathSet>(1 << path), now)) return false;
  }
  return true;
}

bool Lookup::path_done(PathSet path, Instant now) const {
  const bool may_ask = steps_.size() < limits_.questions_max;
  std::size_t have_answered = 0;
  for (const Candidate* one : window(path, now)) {
    if (one->state == Candidate::State::kWaiting) return false;
    if (one->state == Candidate::State::kHeard && may_ask) return false;
    if (one->state == Candidate::State::kAnswered) ++have_answered;
  }
  if (have_answered >= limits_.closest) return true;
  const Duration patience = kPatience * slow_now();
  return std::ranges::none_of(waiting_, [&](const Candidate* one) {
    return one->asked_by == path && now - steps_[one->step].asked < patience;
  });
}

std::vector<Lookup::Candidate*> Lookup::window(PathSet paths, Instant now) const {
  std::vector<Candidate*> deciding;
  std::vector<Candidate*> others;  // alike or doubtful
  GroupCount groups;
  std::size_t have_answered = 0;
  const auto take = [&](Candidate* one) {
    deciding.push_back(one);
    if (one->state == Candidate::State::kAnswered) ++have_answered;
    return have_answered >= limits_.closest;
  };
  for (const auto& one : candidates_) {
    if ((one->paths & paths) == 0 || one->state == Candidate::State::kFailed || slow(*one, now)) continue;
    if (one->doubtful() || !groups.take(one->groups, limits_.alike_max)) {
      others.push_back(one.get());
    } else if (take(one.get())) {
      return deciding;
    }
  }
  for (Candidate* one : others) {
    if (take(one)) break;
  }
  return deciding;
}

std::vector<PeerInfo> Lookup::closest() const {
  std::vector<Candidate*> nearest = window(0xff, now_);
  std::erase_if(nearest, [](const Candidate* one) { return one->state != Candidate::State::kAnswered; });
  std::ranges::sort(nearest, {}, &Candidate::distance);
  std::vector<PeerInfo> infos;
  for (const Candidate* one : nearest) infos.push_back(one->info);
  return infos;
}

std::vector<PeerInfo> Lookup::nearest_known() const {
  std::vector<Candidate*> nearest = window(0xff, now_);
  if (nearest.size() > limits_.closest) nearest.resize(limits_.closest);
  std::ranges::sort(nearest, {}, &Candidate::distance);
  std::vector<PeerInfo> infos;
  for (const Candidate* one : nearest) infos.push_back(one->info);
  return infos;
}

std::size_t Lookup::hops() const {
  std::size_t most = 0;
  for (const LookupStep& step : steps_) {
    if (step.state == LookupStep::State::kAnswered) most = std::max(most, step.hop);
  }
  return most;
}

void Lookup::insert(PeerInfo info, PathSet paths, Candidate* named_by) {
  if (info.id.empty()) return;
  const Distance distance = target_.distance(Key::of(info.id));
  const auto at = place(distance);
  if (at != candidates_.end() && (*at)->distance == distance) return renew(**at, info, paths);
  if (candidates_.size() >= limits_.candidates_max && at == candidates_.end()) return;
  if (info.addresses.size() > kAddressesMax) info.addresses.resize(kAddressesMax);
  auto candidate = std::make_unique<Candidate>();
  candidate->groups = IpGroups::of(info.addresses);
  candidate->info = std::move(info);
  candidate->distance = distance;
  candidate->paths = paths;
  candidate->named_by = named_by;
  candidate->hop = named_by ? named_by->hop + 1 : 0;
  candidates_.insert(at, std::move(candidate));
  make_room();
}

void Lookup::renew(Candidate& known, const PeerInfo& info, PathSet paths) {
  known.paths |= paths;
  if (known.state != Candidate::State::kHeard && known.state != Candidate::State::kFailed) return;
  bool more = false;
  for (const Multiaddr& address : info.addresses) {
    auto& addresses = known.info.addresses;
    if (addresses.size() >= kAddressesMax || std::ranges::find(addresses, address) != addresses.end())
      continue;
    addresses.push_back(address);
    more = true;
  }
  if (!more) return;
  known.groups = IpGroups::of(known.info.addresses);
  // Whoever named it first may have named wrong addresses, to hide it.
  if (known.state == Candidate::State::kFailed && !known.asked_again) {
    known.asked_again = true;
    known.counted_slow = false;
    known.state = Candidate::State::kHeard;
  }
}

// Only who was not asked yet is forgotten: others are counted, or being waited for.
void Lookup::make_room() {
  if (candidates_.size() <= limits_.candidates_max) return;
  const auto farthest = std::find_if(candidates_.rbegin(), candidates_.rend(),
                                     [](const auto& one) { return one->state == Candidate::State::kHeard; });
  if (farthest != candidates_.rend()) candidates_.erase(std::next(farthest).base());
}

std::vector<std::unique_ptr<Lookup::Candidate>>::const_iterator Lookup::place(
    const Distance& distance) const {
  return std::ranges::lower_bound(candidates_, distance, {},
                                  [](const auto& one) -> const Distance& { return one->distance; });
}

Lookup::Candidate* Lookup::asked(const PeerId& peer) {
  const auto found =
      std::ranges::find_if(waiting_, [&](const Candidate* one) { return one->info.id == peer; });
  return found == waiting_.end() ? nullptr : *found;
}

void Lookup::end_question(Candidate& candidate, LookupStep::State state, Instant now) {
  std::erase(waiting_, &candidate);
  steps_[candidate.step].state = state;
  steps_[candidate.step].ended = now;
}

void Lookup::note_slow(Instant now) {
  for (Candidate* one : waiting_) {
    if (one->counted_slow || !slow(*one, now)) continue;
    one->counted_slow = true;
    if (one->named_by) ++one->named_by->named_dead;
  }
}

// The median of all under way and answered: of those that have answered alone it would be too short at
// first, when only the fastest have.
Duration Lookup::slow_now() const {
  const std::size_t middle = (times_.size() + waiting_.size()) / 2;
  if (middle >= times_.size()) return limits_.slow_after;
  return std::min(limits_.slow_after, std::max(limits_.slow_least, 3 * times_[middle]));
}

bool Lookup::slow(const Candidate& candidate, Instant now) const {
  return candidate.state == Candidate::State::kWaiting && now - steps_[candidate.step].asked >= slow_now();
}

}  // namespace warren::kad
