#include "warren/protocols/pubsub/router/wants.hpp"

#include <algorithm>

namespace warren::pubsub {
namespace {

constexpr std::size_t kOthersMax = 4;  // a few are enough, and each costs memory

}  // namespace

bool Wants::told(Fingerprint message, std::string_view id, const PeerId& peer, Instant now) {
  const auto found = wanted_.find(message);
  if (found != wanted_.end()) {
    Wanted& wanted = found->second;
    const bool known = wanted.asked == peer || std::ranges::find(wanted.others, peer) != wanted.others.end();
    if (!known && wanted.others.size() < kOthersMax) wanted.others.push_back(peer);
    return false;
  }
  if (by_age_.size() < max_) {
    wanted_.emplace(message, Wanted{MessageId(id), peer, {}, now});
    by_age_.emplace_back(now, message);
  }
  return true;
}

std::vector<Wants::Question> Wants::ask_others(Duration patience, Instant now) {
  std::vector<Question> questions;
  for (std::size_t rest = by_age_.size(); rest > 0 && now - by_age_.front().first >= patience; --rest) {
    const auto [at, message] = by_age_.front();
    by_age_.pop_front();
    const auto found = wanted_.find(message);
    // It came, or it came and is wanted once more.
    if (found == wanted_.end() || found->second.asked_at != at) continue;
    Wanted& wanted = found->second;
    if (wanted.others.empty()) {
      wanted_.erase(found);
      continue;
    }
    wanted.asked = wanted.others.front();
    wanted.others.erase(wanted.others.begin());
    wanted.asked_at = now;
    by_age_.emplace_back(now, message);
    questions.push_back({message, wanted.id, wanted.asked});
  }
  return questions;
}

}  // namespace warren::pubsub
