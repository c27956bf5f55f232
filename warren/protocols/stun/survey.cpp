#include "warren/protocols/stun/survey.hpp"

#include <algorithm>
#include <set>

#include "warren/core/address_scope.hpp"

namespace warren::stun {

namespace {

bool same_family(const Endpoint& a, const Endpoint& b) {
  return a.address.is_v4() == b.address.is_v4();
}

// A server on the same network sees less of the NATs than one far away: only the farthest count.
AddressScope scope_of(const Endpoint& endpoint) {
  return warren::scope_of(endpoint.address);
}

}  // namespace

Survey::Survey(Random& random, const Endpoint& local, std::vector<IpAddress> own, Instant now)
    : random_(random), local_(local), own_(std::move(own)), begin_(now) {}

// --- what to ask ---

void Survey::add(const ServerInfo& server, Instant now) {
  if (!same_family(server.primary, local_) || server.primary == local_) return;
  if (scope_of(server.primary) == AddressScope::kUndialable || server.primary.port == 0) return;
  auto known =
      std::ranges::find(servers_, server.primary, [](const Known& each) { return each.info.primary; });
  if (known == servers_.end()) {
    if (servers_.size() >= kServersMax) return;
    known = servers_.insert(known, Known{.info = {.primary = server.primary}, .other = std::nullopt});
    ask_mapping(server.primary, now);
  }
  if (server.helper) known->info.helper = server.helper;
  if (server.alternate && !known->info.alternate && server.alternate->address == server.primary.address) {
    known->info.alternate = server.alternate;
    ask_mapping(*server.alternate, now);
  }
}

void Survey::ask_mapping(const Endpoint& to, Instant now) {
  if (to.port == 0 || to == local_) return;
  const bool asked = std::ranges::any_of(
      questions_, [&](const Question& each) { return each.purpose == Purpose::kMapping && each.to == to; });
  if (!asked) ask(Purpose::kMapping, Via::kListening, to, {}, now);
}

void Survey::ask(Purpose purpose, Via via, const Endpoint& to, ChangeRequest change, Instant now) {
  if (questions_.size() >= kQuestionsMax) return;
  Question question{.purpose = purpose, .via = via, .to = to, .change = change, .first = now, .next = now};
  random_.fill(question.id);
  questions_.push_back(question);
}

std::vector<Step> Survey::due(Instant now) {
  choose_contact(now);
  test_filtering(now);
  std::vector<Step> steps;
  for (Question& question : questions_) step_question(question, now, steps);
  for (Favor& favor : favors_) step_favor(favor, now, steps);
  step_hairpin(now, steps);
  return steps;
}

void Survey::step_question(Question& question, Instant now, std::vector<Step>& steps) {
  if (!question.open() || now < question.next) return;
  if (question.sends == kSendsMax) {
    question.failed = true;
    return;
  }
  const bool patient = question.purpose == Purpose::kMapping && question.sends > 0;
  const bool mapping = question.purpose == Purpose::kMapping;
  question.next = now + (patient ? 2 * kRetransmitAfter : mapping ? kRetransmitAfter : kProbeInterval);
  ++question.sends;
  Message message{.kind = Class::kRequest, .id = question.id, .software = std::string(kSoftware)};
  if (question.change != ChangeRequest()) message.change = question.change;
  message.fingerprint = true;
  steps.push_back(SendDatagram{question.via, question.to, encode(message)});
}

void Survey::step_favor(Favor& favor, Instant now, std::vector<Step>& steps) {
  if (favor.over || now < favor.next) return;
  if (favor.asks == kSendsMax) {
    favor.over = true;
    return;
  }
  ++favor.asks;
  favor.next = now + kProbeInterval;
  steps.push_back(favor.ask);
}

void Survey::step_hairpin(Instant now, std::vector<Step>& steps) {
  const Question* first = first_answer();
  if (!probe_mapped_ || first == nullptr || is_own(first->seen->address)) return;
  if (!std::exchange(hairpin_.begun, true)) {
    random_.fill(hairpin_.to_probe);
    random_.fill(hairpin_.to_listening);
    hairpin_.next = now;
  }
  if (hairpinned_ || hairpin_.over || now < hairpin_.next) return;
  if (hairpin_.sends == kSendsMax) {
    hairpin_.over = true;
    return;
  }
  ++hairpin_.sends;
  hairpin_.next = now + kProbeInterval;
  // Each opens the filter for what the other sends.
  const Message to_probe{.kind = Class::kIndication, .id = hairpin_.to_probe, .software = {}};
  const Message to_listening{.kind = Class::kIndication, .id = hairpin_.to_listening, .software = {}};
  steps.push_back(SendDatagram{Via::kListening, *probe_mapped_, encode(to_probe)});
  steps.push_back(SendDatagram{Via::kProbe, *first->seen, encode(to_listening)});
}

// --- filtering ---

int Survey::worth(const Known& server) const {
  const IpAddress& address = server.info.primary.address;
  const bool own_other = server.other && server.other->address != address;
  const bool stranger = std::ranges::any_of(servers_, [&](const Known& each) {
    return each.info.helper && each.info.primary.address != address &&
           scope_of(each.info.primary) == scope_of(server.info.primary);
  });
  const bool other_port = server.info.alternate && (server.info.helper || server.other);
  return (own_other || stranger ? 1 : 0) + (other_port ? 1 : 0);
}

void Survey::choose_contact(Instant now) {
  const Question* first = first_answer();
  if (contact_ || first == nullptr) return;
  // A neighbour answers sooner than those who see all of the NATs.
  const bool farther = std::ranges::any_of(questions_, [&](const Question& each) {
    return each.open() && scope_of(each.to) > scope_of(first->to) && now < each.first + kRetransmitAfter;
  });
  if (farther) return;
  const Known* best = nullptr;
  for (const Known& server : servers_) {
    const Question* answer = mapping_answer(server.info.primary);
    if (answer == nullptr || scope_of(answer->to) != scope_of(first->to)) continue;
    if (best == nullptr || worth(server) > worth(*best)) best = &server;
  }
  if (best == nullptr) return;
  const Duration grace = std::max(kContactGrace, (first->answered - first->first) * 3 / 2);
  const bool waited = now >= first->answered + grace || (mapping_settled(now) && !expecting_);
  if (worth(*best) < 2 && !waited) return;
  contact_ = *best;
  ask(Purpose::kContact, Via::kProbe, contact_->info.primary, {}, now);
}

void Survey::test_filtering(Instant now) {
  if (!contact_ || probe_mapped_) return;
  const auto contacted = std::ranges::find(questions_, Purpose::kContact, &Question::purpose);
  if (contacted == questions_.end() || !contacted->seen) return;
  probe_mapped_ = contacted->seen;
  const Endpoint to = contact_->info.primary;
  if (contact_->other && contact_->other->address != to.address) {
    ask(Purpose::kOtherAddress, Via::kProbe, to, {.address = true, .port = true}, now);
  }
  if (contact_->info.helper && contact_->info.alternate) {
    ask_favor(*contact_->info.helper, true, now);
  } else if (contact_->other) {
    ask(Purpose::kOtherPort, Via::kProbe, to, {.address = false, .port = true}, now);
  }
  std::set<IpAddress> strangers;
  for (const Known& server : servers_) {
    const IpAddress& address = server.info.primary.address;
    if (!server.info.helper || address == to.address || scope_of(server.info.primary) != scope_of(to))
      continue;
    if (strangers.size() < kStrangersMax && strangers.insert(address).second) {
      ask_favor(*server.info.helper, false, now);
    }
  }
}

void Survey::ask_favor(std::size_t helper, bool from_alternate, Instant now) {
  Favor favor{.ask = {.helper = helper, .target = *probe_mapped_, .from_alternate = from_alternate},
              .next = now};
  random_.fill(favor.ask.token);
  favors_.push_back(favor);
}

void Survey::on_favor(const TransactionId& token, bool sent) {
  for (Favor& favor : favors_) {
    if (favor.ask.token == token && sent) ++favor.sent;
  }
}

// --- what came back ---

void Survey::on_datagram(Via via, const Endpoint& from, BytesView payload, Instant now) {
  const auto message = decode(payload);
  if (!message) return;
  if (message->kind == Class::kIndication) return on_indication(via, message->id, from);
  if (message->kind == Class::kRequest) return;
  for (std::size_t i = 0; i < questions_.size(); ++i) {
    Question& question = questions_[i];
    if (question.id == message->id && question.via == via && question.open() && question.sends > 0) {
      return on_answer(question, *message, from, now);
    }
  }
}

void Survey::on_answer(Question& question, const Message& message, const Endpoint& from, Instant now) {
  const bool same_address = from.address == question.to.address;
  const bool same_port = from.port == question.to.port;
  if (message.kind == Class::kError && from == question.to) {
    question.failed = question.refused = true;
    return;
  }
  // From elsewhere than was asked for, it is somebody else's.
  if (message.kind != Class::kSuccess || !message.not_understood.empty()) return;
  if (same_address == question.change.address || same_port == question.change.port) return;
  const auto seen = message.seen();
  if (!seen || seen->port == 0 || !same_family(*seen, local_)) {
    question.failed = question.refused = true;
    return;
  }
  question.seen = seen;
  question.answered = now;
  if (question.purpose == Purpose::kOtherAddress) from_other_address_ = true;
  if (question.purpose == Purpose::kOtherPort) from_other_port_ = true;
  if (question.purpose == Purpose::kMapping && message.other) {
    learn_other(Question(question), *message.other, now);  // the list grows
  }
}

// A server with two addresses, four endpoints: RFC 5780, section 4.3 asks three of them.
void Survey::learn_other(const Question& question, const Endpoint& other, Instant now) {
  const auto known = std::ranges::find_if(
      servers_, [&](const Known& each) { return each.info.primary == question.to && !each.other; });
  if (known == servers_.end() || !same_family(other, local_) || scope_of(other) != scope_of(question.to))
    return;
  if (other.port == question.to.port || other.address == question.to.address) return;
  known->other = other;
  if (!known->info.alternate) known->info.alternate = Endpoint{question.to.address, other.port};
  ask_mapping(*known->info.alternate, now);
  ask_mapping({other.address, question.to.port}, now);
}

void Survey::on_indication(Via via, const TransactionId& id, const Endpoint& from) {
  if (hairpin_.begun) {
    const bool arrived = id == (via == Via::kProbe ? hairpin_.to_probe : hairpin_.to_listening);
    hairpinned_ = hairpinned_ || arrived;
  }
  const bool ours = via == Via::kProbe && std::ranges::any_of(favors_, [&](const Favor& favor) {
                      return favor.ask.token == id && favor.asks > 0;
                    });
  if (!ours) return;
  const Endpoint& contacted = contact_->info.primary;
  if (from.address != contacted.address) {
    from_other_address_ = true;
  } else if (from.port != contacted.port) {
    from_other_port_ = true;
  }
}

}  // namespace warren::stun
