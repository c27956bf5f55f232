#include "warren/protocols/autonat/opinion.hpp"

#include <algorithm>
#include <cmath>

namespace warren::autonat {

namespace {

constexpr double kCreditMin = 0.25;
constexpr double kCreditStep = 0.25;
// Who spoke longer ago than this before others prevailed may have been right at the time.
constexpr Duration kBlameWindow = 60s;
// How often in a row one and the same voice counts.
constexpr int kRepeatsMax = 2;

bool is_reachable(Verdict verdict) {
  return verdict == Verdict::kReachable;
}

}  // namespace

std::string_view to_string(Verdict verdict) {
  switch (verdict) {
    case Verdict::kUnknown: return "unknown";
    case Verdict::kReachable: return "reachable";
    case Verdict::kUnreachable: return "unreachable";
  }
  return "unknown";
}

double Credits::of(const PeerId& peer) const {
  const auto found = below_one_.find(peer);
  return found == below_one_.end() ? 1.0 : found->second;
}

void Credits::raise(const PeerId& peer) {
  const auto found = below_one_.find(peer);
  if (found == below_one_.end()) return;
  found->second += kCreditStep;
  if (found->second >= 1.0) below_one_.erase(found);
}

void Credits::lower(const PeerId& peer) {
  // Whoever makes others wrong by the hundred is not stopped here, but by counting networks.
  if (!below_one_.contains(peer) && below_one_.size() >= kCreditsMax) below_one_.erase(below_one_.begin());
  double& credit = below_one_.try_emplace(peer, 1.0).first->second;
  credit = std::max(kCreditMin, credit / 2);
}

void Opinion::make_room(const IpAddress& network) {
  if (voices_.size() < kVoicesMax) return;
  // Who has many peers in one network pushes out his own.
  const auto victim = std::ranges::min_element(
      voices_, {}, [&](const Voice& voice) { return std::pair(voice.network != network, voice.at); });
  voices_.erase(victim);
}

void Opinion::put(const PeerId& by, const IpAddress& network, bool reachable, double weight, Instant now) {
  std::erase_if(voices_, [now](const Voice& voice) { return voice.at + kVerdictLife <= now; });
  const auto found = std::ranges::find(voices_, by, &Voice::by);
  if (found == voices_.end()) {
    make_room(network);
    voices_.push_back({by, network, reachable, weight, 1, false, now, now});
    return;
  }
  if (found->reachable != reachable) {
    *found = {by, network, reachable, weight, 1, false, now, now};
    return;
  }
  // A time-out does not take back what was said in so many words.
  found->weight = std::max(found->weight, weight);
  ++found->repeats;
  found->blamed = false;
  found->network = network;
  found->at = now;
}

double Opinion::weigh(bool reachable, const Credits& credits, Instant now, Instant discounted_before) const {
  std::map<IpAddress, std::pair<Instant, double>> votes;  // of each network the last one
  for (const Voice& voice : voices_) {
    if (voice.reachable != reachable || voice.at + kVerdictLife <= now) continue;
    const double age =
        std::chrono::duration<double>(now - voice.at) / std::chrono::duration<double>(kVoiceHalfLife);
    double weight = voice.weight * credits.of(voice.by) * std::exp2(-age);
    if (voice.at < discounted_before) weight *= kEarlierShare;
    auto& vote = votes[voice.network];
    if (vote.first <= voice.at) vote = {voice.at, weight};
  }
  double sum = 0;
  for (const auto& [network, vote] : votes) sum += vote.second;
  return sum;
}

std::set<IpAddress> Opinion::networks(bool reachable, Instant now) const {
  std::set<IpAddress> networks;
  for (const Voice& voice : voices_) {
    if (voice.reachable == reachable && voice.weight >= kFirstVerdictMin && now < voice.at + kVerdictLife)
      networks.insert(voice.network);
  }
  return networks;
}

bool Opinion::must_flip(const Credits& credits, Instant now) const {
  const bool to = !is_reachable(verdict_);
  Instant first_contrary = Instant::max();
  double repeated = 0;
  for (const Voice& voice : voices_) {
    if (voice.reachable != to) continue;
    first_contrary = std::min(first_contrary, voice.first);
    repeated += voice.weight * credits.of(voice.by) * std::min(voice.repeats, kRepeatsMax);
  }
  const double support = weigh(!to, credits, now, first_contrary);
  // Nobody stands by the verdict, and there is one network to ask: it may say it again.
  if (support == 0) return repeated >= kFlipMin;
  const double contrary = weigh(to, credits, now, Instant::min());
  std::set<IpAddress> speakers;
  for (const Voice& voice : voices_) {
    if (voice.reachable == to) speakers.insert(voice.network);
  }
  return speakers.size() >= 2 && contrary >= kFlipMin && contrary > support;
}

void Opinion::blame(bool reachable, Credits& credits, Instant now) {
  for (Voice& voice : voices_) {
    if (voice.reachable == reachable || voice.blamed || voice.weight < kFirstVerdictMin) continue;
    if (voice.at + kBlameWindow < now) continue;
    credits.lower(voice.by);
    voice.blamed = true;
  }
}

void Opinion::set(bool reachable, Instant now) {
  Instant first = Instant::max();
  for (const Voice& voice : voices_) {
    if (voice.reachable == reachable) first = std::min(first, voice.first);
  }
  // What was said before the first who is believed now was said of a state that is past.
  std::erase_if(voices_,
                [&](const Voice& voice) { return voice.reachable != reachable && voice.at < first; });
  verdict_ = reachable ? Verdict::kReachable : Verdict::kUnreachable;
  confirmed_ = now;
}

bool Opinion::hear(const PeerId& by, const IpAddress& network, bool reachable, double weight,
                   Credits& credits, Instant now) {
  put(by, network, reachable, weight, now);
  const Verdict before = verdict(now);
  if (before == Verdict::kUnknown) {
    verdict_ = Verdict::kUnknown;
    const double yes = weigh(true, credits, now, Instant::min());
    const double no = weigh(false, credits, now, Instant::min());
    const bool undecided = std::abs(yes - no) < kFirstVerdictMin / 2;
    if (undecided || std::max(yes, no) < kFirstVerdictMin) return false;
    set(yes > no, now);
    return true;
  }
  if (is_reachable(before) == reachable) {
    if (weight < kFirstVerdictMin) return false;
    confirmed_ = now;
    credits.raise(by);
    if (is_settled(now)) blame(reachable, credits, now);
    return false;
  }
  if (!must_flip(credits, now)) return false;
  blame(reachable, credits, now);
  set(reachable, now);
  return true;
}

Verdict Opinion::verdict(Instant now) const {
  return now < confirmed_ + kVerdictLife ? verdict_ : Verdict::kUnknown;
}

double Opinion::confidence(const Credits& credits, Instant now) const {
  if (verdict(now) == Verdict::kUnknown) return 0;
  const double support = weigh(is_reachable(verdict_), credits, now, Instant::min());
  const double contrary = weigh(!is_reachable(verdict_), credits, now, Instant::min());
  if (support <= 0) return 0;
  return support / (support + contrary) * (1 - std::exp2(-support));
}

std::vector<PeerId> Opinion::confirmed_by(Instant now) const {
  std::vector<Voice> agreeing;
  if (verdict(now) == Verdict::kUnknown) return {};
  for (const Voice& voice : voices_) {
    if (voice.reachable == is_reachable(verdict_) && now < voice.at + kVerdictLife) agreeing.push_back(voice);
  }
  std::ranges::stable_sort(agreeing, std::greater{}, &Voice::at);
  std::vector<PeerId> peers;
  for (const Voice& voice : agreeing) peers.push_back(voice.by);
  return peers;
}

bool Opinion::is_settled(Instant now) const {
  if (verdict(now) == Verdict::kUnknown) return false;
  const bool reachable = is_reachable(verdict_);
  const auto agreeing = networks(reachable, now);
  const auto disagreeing = networks(!reachable, now);
  if (agreeing.size() < kSettledBy) return false;
  if (disagreeing.empty()) return true;
  // Someone says otherwise: more must have said the same again since.
  Instant first_contrary = Instant::max();
  for (const Voice& voice : voices_) {
    if (voice.reachable != reachable) first_contrary = std::min(first_contrary, voice.first);
  }
  std::set<IpAddress> since;
  for (const Voice& voice : voices_) {
    if (voice.reachable == reachable && voice.at >= first_contrary) since.insert(voice.network);
  }
  return since.size() > disagreeing.size();
}

}  // namespace warren::autonat
