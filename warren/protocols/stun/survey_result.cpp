// Survey: what follows from the answers so far, and when there are enough of them.
#include <algorithm>

#include "warren/core/address_scope.hpp"
#include "warren/protocols/stun/survey.hpp"

namespace warren::stun {

bool Survey::is_own(const IpAddress& address) const {
  return std::ranges::find(own_, address) != own_.end();
}

const Survey::Question* Survey::mapping_answer(const Endpoint& server) const {
  for (const Question& each : questions_) {
    if (each.purpose == Purpose::kMapping && each.to == server && each.seen) return &each;
  }
  return nullptr;
}

// Of the servers that are farthest away.
const Survey::Question* Survey::first_answer() const {
  const Question* first = nullptr;
  for (const Question& each : questions_) {
    if (each.purpose != Purpose::kMapping || !each.seen) continue;
    const auto scope = scope_of(each.to.address);
    const bool farther = first == nullptr || scope > scope_of(first->to.address);
    const bool as_far = first != nullptr && scope == scope_of(first->to.address);
    if (farther || (as_far && each.answered < first->answered)) first = &each;
  }
  return first;
}

std::vector<Observation> Survey::observations() const {
  std::vector<Observation> found;
  const Question* first = first_answer();
  for (const Question& each : questions_) {
    if (each.purpose != Purpose::kMapping || !each.seen) continue;
    if (scope_of(each.to.address) == scope_of(first->to.address)) found.push_back({each.to, *each.seen});
  }
  return found;
}

FilterEvidence Survey::evidence() const {
  FilterEvidence found;
  // In vain counts only when somebody has tried.
  for (const Question& each : questions_) {
    if (!each.failed || each.refused) continue;
    if (each.purpose == Purpose::kOtherAddress) found.from_other_address = false;
    if (each.purpose == Purpose::kOtherPort) found.from_other_port = false;
  }
  for (const Favor& each : favors_) {
    if (each.over && each.sent > 0) {
      (each.ask.from_alternate ? found.from_other_port : found.from_other_address) = false;
    }
  }
  if (from_other_address_) found.from_other_address = true;
  if (from_other_port_) found.from_other_port = true;
  return found;
}

// Who is silent is not waited for once the others have told.
bool Survey::mapping_settled(Instant now) const {
  bool all = true;
  bool waited = true;
  for (const Question& each : questions_) {
    if (each.purpose != Purpose::kMapping || !each.open()) continue;
    all = false;
    waited = waited && now >= each.first + kRetransmitAfter;
  }
  return all || (waited && mapping_of(observations()) != Behavior::kUnknown);
}

bool Survey::filtering_settled(Instant now) const {
  if (from_other_address_) return true;
  if (!contact_) return first_answer() == nullptr && mapping_settled(now);
  if (!probe_mapped_) {
    const auto contacted = std::ranges::find(questions_, Purpose::kContact, &Question::purpose);
    return contacted == questions_.end() || contacted->failed;
  }
  const auto tests = [](const Question& each) {
    return (each.purpose == Purpose::kOtherAddress || each.purpose == Purpose::kOtherPort) && each.open();
  };
  return std::ranges::none_of(questions_, tests) && std::ranges::all_of(favors_, &Favor::over);
}

bool Survey::done(Instant now) const {
  if (now >= begin_ + kSurveyMax) return true;
  const bool hairpin = !hairpin_.begun || hairpinned_ || hairpin_.over;
  return !expecting_ && mapping_settled(now) && filtering_settled(now) && hairpin;
}

Instant Survey::wake_at(Instant now) const {
  Instant wake = begin_ + kSurveyMax;
  const auto consider = [&](Instant at) {
    if (at > now) wake = std::min(wake, at);
  };
  for (const Question& each : questions_) {
    if (!each.open()) continue;
    consider(each.next);
    consider(each.first + kRetransmitAfter);
  }
  for (const Favor& each : favors_) {
    if (!each.over) consider(each.next);
  }
  if (hairpin_.begun && !hairpin_.over) consider(hairpin_.next);
  const Question* first = first_answer();
  if (!contact_ && first != nullptr) {
    consider(first->answered + std::max(kContactGrace, (first->answered - first->first) * 3 / 2));
  }
  return wake;
}

NatReport Survey::report(Instant now) const {
  NatReport report;
  report.at = now;
  report.local = local_;
  const Question* first = first_answer();
  if (first == nullptr) return report;
  report.udp = true;
  report.mapped = first->seen;
  report.is_own_address = is_own(first->seen->address);
  report.mapping = mapping_of(observations());
  const bool untranslated = report.is_own_address && first->seen->port == local_.port;
  if (untranslated && report.mapping == Behavior::kUnknown) report.mapping = Behavior::kEndpointIndependent;
  report.filtering = filtering_of(evidence());
  if (hairpin_.begun && (hairpinned_ || hairpin_.over)) report.hairpin = hairpinned_;
  for (const Question& each : questions_) {
    if (each.purpose != Purpose::kMapping || !each.seen) continue;
    report.ports.push_back(each.seen->port);
    report.servers.push_back(each.to);
    // An answer to which of several sends cannot be told.
    if (each.sends != 1) continue;
    const Duration took = each.answered - each.first;
    report.round_trip_time = std::min(report.round_trip_time.value_or(took), took);
  }
  return report;
}

}  // namespace warren::stun
