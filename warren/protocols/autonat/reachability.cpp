#include "warren/protocols/autonat/reachability.hpp"

#include <algorithm>
#include <tuple>

#include "warren/core/address_scope.hpp"
#include "warren/core/circuit.hpp"

namespace warren::autonat {

namespace {

// An address that nobody has answered for holds up the verdict on the whole node no longer than this.
constexpr Duration kFirstAnswerAwaited = 2500ms;  // good news take a few round trips, bad ones a time-out
// Nobody is asked the same more often.
constexpr Duration kSamePeerInterval = 5s;
// Peers that are asked out of turn about an address behind a NAT, because they are strangers.
constexpr std::size_t kStrangersMax = 8;
// Who is remembered to have been asked, or to have refused, for each socket.
constexpr std::size_t kPeersPerSocketMax = 64;

bool is_contacted(const Candidate& candidate, Protocol transport) {
  return transport == Protocol::kUdp ? candidate.contacted_udp : candidate.contacted_tcp;
}

void remember(std::map<PeerId, Instant>& peers, const PeerId& peer, Instant when) {
  if (peers.size() >= kPeersPerSocketMax && !peers.contains(peer))
    peers.erase(std::ranges::min_element(peers, {}, [](const auto& entry) { return entry.second; }));
  peers[peer] = when;
}

}  // namespace

std::string_view to_string(OwnSource source) {
  switch (source) {
    case OwnSource::kObserved: return "observed";
    case OwnSource::kStun: return "stun";
    case OwnSource::kInterface: return "interface";
    case OwnSource::kPortMapping: return "port-mapping";
    case OwnSource::kConfigured: return "configured";
  }
  return "interface";
}

OwnSource ReachabilityBook::source_of(const Socket& socket) {
  OwnSource best = OwnSource::kObserved;
  for (const Own& own : socket.own) best = std::max(best, source_of(own));
  return best;
}

bool ReachabilityBook::has_interface(const IpAddress& ip) const {
  return std::ranges::any_of(sockets_, [&](const auto& entry) {
    return entry.first.endpoint.address == ip && std::ranges::any_of(entry.second.own, [](const Own& own) {
             return own.sources.contains(OwnSource::kInterface);
           });
  });
}

bool ReachabilityBook::can_be_checked(const SocketKey& key, const Socket& socket) const {
  if (source_of(socket) == OwnSource::kConfigured) return false;  // nobody is asked what the owner knows
  const AddressScope scope = scope_of(key.endpoint.address);
  return scope == AddressScope::kPublic || (private_networks_ && scope == AddressScope::kPrivate);
}

bool ReachabilityBook::make_room(OwnSource source) {
  if (sockets_.size() < kSocketsMax) return true;
  const auto least = std::ranges::min_element(sockets_, {}, [](const auto& entry) {
    return std::pair(source_of(entry.second), entry.second.offered);
  });
  if (source_of(least->second) >= source) return false;
  sockets_.erase(least);
  return true;
}

bool ReachabilityBook::offer_name(const Multiaddr& address, OwnSource source) {
  const bool fits = source == OwnSource::kConfigured && !is_circuit(address) && names_.size() < kSocketsMax;
  if (!fits || std::ranges::find(names_, address) != names_.end()) return fits;
  names_.push_back(address);
  return true;
}

bool ReachabilityBook::offer(const Multiaddr& address, OwnSource source, Instant now) {
  const auto key = socket_of(address);
  if (!key) return offer_name(address, source);
  auto found = sockets_.find(*key);
  if (found == sockets_.end()) {
    if (!make_room(source)) return false;
    found = sockets_.emplace(*key, Socket{.offered = now, .check_at = now}).first;
  }
  auto& own = found->second.own;
  auto entry = std::ranges::find(own, address, &Own::address);
  if (entry == own.end()) {
    if (own.size() >= kAddressesPerSocketMax) return false;
    // The plainest first: it is the one that peers are asked to dial.
    const auto before = std::ranges::find_if(
        own, [&](const Own& other) { return other.address.bytes().size() > address.bytes().size(); });
    entry = own.insert(before, {address, {}});
  }
  entry->sources.insert(source);
  return true;
}

void ReachabilityBook::retire(const Multiaddr& address, OwnSource source) {
  if (source == OwnSource::kConfigured) std::erase(names_, address);
  const auto key = socket_of(address);
  const auto found = key ? sockets_.find(*key) : sockets_.end();
  if (found == sockets_.end()) return;
  for (Own& own : found->second.own) {
    if (own.address == address) own.sources.erase(source);
  }
  std::erase_if(found->second.own, [](const Own& own) { return own.sources.empty(); });
  if (found->second.own.empty()) sockets_.erase(found);
}

bool ReachabilityBook::set(OwnSource source, const std::vector<Multiaddr>& addresses, Instant now) {
  std::set<Multiaddr> before;
  for (const auto& [key, socket] : sockets_) {
    for (const Own& own : socket.own) {
      if (own.sources.contains(source)) before.insert(own.address);
    }
  }
  if (source == OwnSource::kConfigured) before.insert(names_.begin(), names_.end());
  bool changed = false;
  for (const Multiaddr& address : before) {
    if (std::ranges::find(addresses, address) != addresses.end()) continue;
    retire(address, source);
    changed = true;
  }
  for (const Multiaddr& address : addresses) {
    if (offer(address, source, now) && !before.contains(address)) changed = true;
  }
  return changed;
}

void ReachabilityBook::forget_verdicts(Instant now) {
  for (auto& [key, socket] : sockets_)
    socket = Socket{.own = std::move(socket.own), .offered = now, .check_at = now};
}

void ReachabilityBook::forget_old(Socket& socket, Instant now) {
  std::erase_if(socket.pending, [now](const Pending& pending) { return pending.until <= now; });
  std::erase_if(socket.avoid, [now](const auto& entry) { return entry.second <= now; });
  std::erase_if(socket.asked, [now](const auto& entry) { return entry.second + kVerdictLife <= now; });
}

// Of what nobody knows two are asked at once.
Instant ReachabilityBook::due_at(const Socket& socket, Instant now) {
  const std::size_t at_once = socket.opinion.verdict(now) == Verdict::kUnknown ? 2 : 1;
  Instant due = socket.check_at;
  if (socket.opinion.verdict(now) != Verdict::kUnknown)
    due = std::min(due, socket.opinion.confirmed() + kVerdictLife / 2);
  if (socket.pending.size() < at_once) return due;
  const auto first = std::ranges::min_element(socket.pending, {}, &Pending::until);
  return std::max(due, first->until);
}

// Who says something new: another network than those that have spoken, a stranger where that counts, and
// of these whoever was not asked for longest.
const Candidate* ReachabilityBook::choose(const SocketKey& key, const Socket& socket,
                                          std::span<const Candidate> candidates, Instant now) const {
  const Verdict verdict = socket.opinion.verdict(now);
  const auto agreeing = socket.opinion.networks(verdict == Verdict::kReachable, now);
  const auto disagreeing = socket.opinion.networks(verdict != Verdict::kReachable, now);
  const bool early = verdict != Verdict::kUnknown && now < socket.opinion.confirmed() + kVerdictLife / 2;
  const bool contested = early && !disagreeing.empty();
  const Candidate* best = nullptr;
  std::tuple<bool, bool, bool, Instant> best_rank;
  for (const Candidate& candidate : candidates) {
    const auto asked = socket.asked.find(candidate.peer);
    const Instant last = asked == socket.asked.end() ? Instant::min() : asked->second;
    if (socket.avoid.contains(candidate.peer)) continue;
    if (last != Instant::min() && now < last + kSamePeerInterval) continue;
    if (std::ranges::find(socket.pending, candidate.network, &Pending::network) != socket.pending.end())
      continue;
    // It would say the same again.
    if (early && !contested && agreeing.contains(candidate.network)) continue;
    const bool heard = agreeing.contains(candidate.network) || disagreeing.contains(candidate.network);
    const bool biased = is_mapped(key) && is_contacted(candidate, key.transport);
    const std::tuple rank(biased, heard, !candidate.proves, last);
    if (best != nullptr && !(rank < best_rank)) continue;
    best = &candidate;
    best_rank = rank;
  }
  return best;
}

std::vector<Candidate> ReachabilityBook::strangers(const SocketKey& key, const Socket& socket,
                                                   std::span<const Candidate> candidates, Instant now) const {
  std::vector<Candidate> found;
  const bool wanted = is_mapped(key) && socket.opinion.verdict(now) == Verdict::kUnknown &&
                      socket.attempts <= kStrangersMax && socket.pending.size() < 2;
  for (const Candidate& candidate : candidates) {
    const bool is_stranger =
        !is_contacted(candidate, key.transport) && !socket.asked.contains(candidate.peer);
    if (wanted && is_stranger) found.push_back(candidate);
  }
  return found;
}

std::optional<Question> ReachabilityBook::put(const SocketKey& key, Socket& socket,
                                              std::span<const Candidate> candidates, Instant now) const {
  const Candidate* candidate = choose(key, socket, candidates, now);
  if (candidate == nullptr) return std::nullopt;
  socket.pending.push_back({candidate->peer, candidate->network, now + kAnswerAwaited});
  remember(socket.asked, candidate->peer, now);
  ++socket.attempts;
  const bool may_ask_another = socket.attempts == 1 && socket.opinion.verdict(now) == Verdict::kUnknown;
  if (!may_ask_another) schedule(socket, false, now);
  return Question{socket.own.front().address, candidate->peer};
}

std::optional<Question> ReachabilityBook::next_question(std::span<const Candidate> candidates, Instant now) {
  if (configured_) return std::nullopt;
  std::vector<std::pair<std::tuple<bool, Instant>, std::map<SocketKey, Socket>::iterator>> due;
  for (auto it = sockets_.begin(); it != sockets_.end(); ++it) {
    forget_old(it->second, now);
    if (can_be_checked(it->first, it->second))
      due.push_back({{it->second.attempts > 0, due_at(it->second, now)}, it});
  }
  std::ranges::stable_sort(due, {}, [](const auto& entry) { return entry.first; });
  for (const auto& [rank, it] : due) {
    std::optional<Question> question;
    if (std::get<Instant>(rank) <= now) question = put(it->first, it->second, candidates, now);
    if (!question)
      question = put(it->first, it->second, strangers(it->first, it->second, candidates, now), now);
    if (question) return question;
  }
  return std::nullopt;
}

std::optional<Instant> ReachabilityBook::next_due(Instant now) const {
  std::optional<Instant> next;
  if (configured_) return next;
  for (const auto& [key, socket] : sockets_) {
    if (!can_be_checked(key, socket)) continue;
    const Instant due = due_at(socket, now);
    if (!next || due < *next) next = due;
  }
  return next;
}

void ReachabilityBook::schedule(Socket& socket, bool contradicted, Instant now) const {
  if (socket.opinion.is_settled(now)) {
    socket.attempts = 0;
    socket.check_at = socket.opinion.confirmed() + kVerdictLife / 2;
    return;
  }
  // The first two are asked together, and who contradicts is checked at once, three times.
  const std::size_t step =
      std::min(std::max<std::size_t>(socket.attempts, 2) - 2, kCheckIntervals.size() - 1);
  socket.check_at = contradicted && socket.attempts <= 4 ? now : now + kCheckIntervals[step];
}

bool ReachabilityBook::note(const Multiaddr& address, const Report& report, Instant now) {
  const auto key = socket_of(address);
  const auto found = key ? sockets_.find(*key) : sockets_.end();
  if (found == sockets_.end()) return false;
  Socket& socket = found->second;
  std::erase_if(socket.pending, [&](const Pending& pending) { return pending.peer == report.by; });
  if (report.finding == Finding::kRefused) {
    remember(socket.avoid, report.by, now + kRefusalLife);
    socket.check_at = std::min(socket.check_at, now);
    return false;
  }
  if (report.finding == Finding::kNothing) {
    schedule(socket, false, now);
    return false;
  }
  ++socket.answers;
  bool reachable = report.finding == Finding::kReachable;
  if (reachable && is_mapped(*key) && !report.from_stranger) {
    const auto open = is_open(*key, socket);
    if (!open) {
      // It counts one way or the other as soon as it is known what the NAT lets in.
      if (socket.undecided.size() < kUndecidedMax) socket.undecided.push_back(report);
      schedule(socket, false, now);
      return false;
    }
    reachable = *open;  // else the NAT lets this one in, and strangers not
  }
  double weight = report.proven ? kFullWeight : kUnprovenWeight;
  if (report.finding == Finding::kFailed) weight = kFailedWeight;
  const Verdict before = verdict_of(*key, socket, now);
  const bool changed = socket.opinion.hear(report.by, report.network, reachable, weight, credits_, now);
  const Verdict after = verdict_of(*key, socket, now);
  const bool contradicted = !changed && before != Verdict::kUnknown &&
                            (before == Verdict::kReachable) != reachable &&
                            report.finding != Finding::kFailed;
  if (changed) socket.attempts = std::min<std::size_t>(socket.attempts, 1);
  schedule(socket, contradicted, now);
  return before != after;
}

// A mapped port is open whatever the NAT does with others.
std::optional<bool> ReachabilityBook::is_open(const SocketKey& key, const Socket& socket) const {
  if (key.transport != Protocol::kUdp || source_of(socket) >= OwnSource::kPortMapping) return std::nullopt;
  return key.endpoint.address.is_v4() ? udp4_open_ : udp6_open_;
}

void ReachabilityBook::set_udp_filtering(bool ip4, std::optional<bool> open, Instant now) {
  std::optional<bool>& held = ip4 ? udp4_open_ : udp6_open_;
  if (std::exchange(held, open) == open || !open) return;
  for (auto& [key, socket] : sockets_) {
    const bool concerned = key.transport == Protocol::kUdp && key.endpoint.address.is_v4() == ip4;
    if (!concerned || !is_mapped(key)) continue;
    socket.check_at = std::min(socket.check_at, now);
    for (const Report& report : std::exchange(socket.undecided, {}))
      note(socket.own.front().address, report, now);
  }
}

Verdict ReachabilityBook::verdict_of(const SocketKey& key, const Socket& socket, Instant now) const {
  if (configured_) return *configured_;
  if (source_of(socket) == OwnSource::kConfigured) return Verdict::kReachable;
  const Verdict heard = socket.opinion.verdict(now);
  // Nobody has tried yet, but STUN has: the NAT lets no strangers in.
  const bool closed = is_mapped(key) && is_open(key, socket) == false;
  return heard == Verdict::kUnknown && closed ? Verdict::kUnreachable : heard;
}

OwnAddress ReachabilityBook::describe(const SocketKey& key, const Own& own, const Socket& socket,
                                      Instant now) const {
  OwnAddress row{.address = own.address, .source = source_of(own), .verdict = verdict_of(key, socket, now)};
  if (configured_ || source_of(socket) == OwnSource::kConfigured) {
    row.confidence = 1;
    return row;
  }
  if (socket.opinion.verdict(now) == Verdict::kUnknown) return row;
  row.confidence = socket.opinion.confidence(credits_, now);
  row.verified_by = socket.opinion.confirmed_by(now);
  row.verified_at = socket.opinion.confirmed();
  row.expires = socket.opinion.confirmed() + kVerdictLife;
  return row;
}

std::vector<OwnAddress> ReachabilityBook::addresses(Instant now) const {
  std::vector<OwnAddress> rows;
  for (const Multiaddr& name : names_) {
    rows.push_back({.address = name,
                    .source = OwnSource::kConfigured,
                    .verdict = configured_.value_or(Verdict::kReachable),
                    .confidence = 1});
  }
  for (const auto& [key, socket] : sockets_) {
    for (const Own& own : socket.own) rows.push_back(describe(key, own, socket, now));
  }
  std::ranges::stable_sort(rows, {}, [](const OwnAddress& row) {
    const int rank = row.verdict == Verdict::kReachable ? 0 : row.verdict == Verdict::kUnknown ? 1 : 2;
    return std::pair(rank, -static_cast<int>(row.source));
  });
  return rows;
}

Verdict ReachabilityBook::overall(Instant now) const {
  if (configured_) return *configured_;
  if (!names_.empty()) return Verdict::kReachable;
  bool unreachable = false;
  bool waiting = false;
  for (const auto& [key, socket] : sockets_) {
    const Verdict verdict = verdict_of(key, socket, now);
    if (verdict == Verdict::kReachable) return verdict;
    if (!can_be_checked(key, socket)) continue;
    if (verdict == Verdict::kUnreachable)
      unreachable = true;
    else if (socket.answers == 0 && now < socket.offered + kFirstAnswerAwaited)
      waiting = true;
  }
  return unreachable && !waiting ? Verdict::kUnreachable : Verdict::kUnknown;
}

bool ReachabilityBook::behind_nat() const {
  return std::ranges::any_of(sockets_, [&](const auto& entry) {
    const auto& [key, socket] = entry;
    return scope_of(key.endpoint.address) == AddressScope::kPublic && is_mapped(key) &&
           source_of(socket) != OwnSource::kConfigured;
  });
}

}  // namespace warren::autonat
