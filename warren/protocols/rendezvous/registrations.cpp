#include "warren/protocols/rendezvous/registrations.hpp"

#include "warren/crypto/hkdf.hpp"
#include "warren/protocols/rendezvous/record.hpp"

namespace warren::rendezvous {

namespace {

constexpr std::size_t kSequenceSize = 5;
constexpr std::size_t kMarkSize = 3;
constexpr std::uint64_t kTtlMaxSeconds = std::chrono::seconds(kTtlMax).count();

std::array<std::uint8_t, kSequenceSize> big_endian(std::uint64_t number) {
  std::array<std::uint8_t, kSequenceSize> bytes{};
  for (std::size_t i = kSequenceSize; i-- > 0; number >>= 8) bytes[i] = static_cast<std::uint8_t>(number);
  return bytes;
}

std::uint64_t sequence_of_entry(std::uint64_t sequence) {
  return sequence;
}
template <class Entry>
std::uint64_t sequence_of_entry(const std::pair<const std::uint64_t, Entry>& entry) {
  return entry.first;
}

std::uint64_t seconds_left(Instant expires, Instant now) {
  return static_cast<std::uint64_t>(std::chrono::ceil<std::chrono::seconds>(expires - now).count());
}

}  // namespace

Registrations::Registrations(const Secret& secret, Limit& total, Limit& per_peer)
    : secret_(secret), total_(total), per_peer_(per_peer) {}

Status Registrations::check(const PeerId& peer, const Register& request) const {
  if (!is_namespace(request.name_space)) return Status::kInvalidNamespace;
  if (request.ttl && *request.ttl > kTtlMaxSeconds) return Status::kInvalidTtl;
  const auto record = open_record(request.signed_peer_record);
  if (!record) return Status::kInvalidSignedPeerRecord;
  return record->peer_id == peer ? Status::kOk : Status::kNotAuthorized;
}

bool Registrations::has_room(const PeerId& peer, const Register& request) {
  const auto of_peer = by_peer_.find(peer);
  if (of_peer != by_peer_.end() && of_peer->second.size() >= per_peer_.max()) {
    per_peer_.refuse();
    return false;
  }
  const std::size_t bytes = request.name_space.size() + request.signed_peer_record.size();
  if (by_sequence_.size() >= total_.max() || kRegistrationBytesMax - bytes_ < bytes) {
    total_.refuse();
    return false;
  }
  return per_peer_.max() > 0;
}

RegisterResponse Registrations::add(const PeerId& peer, const Register& request, Instant now) {
  expire(now);
  if (const Status status = check(peer, request); status != Status::kOk) return {status, {}, 0};
  if (const auto of_peer = by_peer_.find(peer); of_peer != by_peer_.end()) {
    const auto held = of_peer->second.find(request.name_space);
    if (held != of_peer->second.end()) erase(by_sequence_.find(held->second));
  }
  if (!has_room(peer, request)) return {Status::kUnavailable, "too many registrations", 0};
  const std::chrono::seconds ttl = request.ttl.value_or(0) == 0
                                       ? kTtlDefault
                                       : std::chrono::seconds(static_cast<std::int64_t>(*request.ttl));
  const std::uint64_t sequence = ++last_sequence_;
  const auto added =
      by_sequence_.emplace(sequence, Entry{peer, request.name_space, request.signed_peer_record, now + ttl});
  bytes_ += added.first->second.bytes();
  by_namespace_[request.name_space].insert(sequence);
  by_peer_[peer][request.name_space] = sequence;
  by_expiry_.emplace(now + ttl, sequence);
  show_use();
  return {Status::kOk, {}, static_cast<std::uint64_t>(ttl.count())};
}

void Registrations::remove(const PeerId& peer, const Unregister& request, Instant now) {
  expire(now);
  const auto of_peer = by_peer_.find(peer);
  if (of_peer == by_peer_.end()) return;
  const auto held = of_peer->second.find(request.name_space);
  if (held != of_peer->second.end()) erase(by_sequence_.find(held->second));
  show_use();
}

void Registrations::erase(BySequence::iterator found) {
  const std::uint64_t sequence = found->first;
  const Entry& entry = found->second;
  bytes_ -= entry.bytes();
  by_expiry_.erase({entry.expires, sequence});
  const auto in_namespace = by_namespace_.find(entry.name_space);
  in_namespace->second.erase(sequence);
  if (in_namespace->second.empty()) by_namespace_.erase(in_namespace);
  const auto of_peer = by_peer_.find(entry.peer);
  of_peer->second.erase(entry.name_space);
  if (of_peer->second.empty()) by_peer_.erase(of_peer);
  by_sequence_.erase(found);
}

void Registrations::expire(Instant now) {
  bool any = false;
  while (!by_expiry_.empty() && by_expiry_.begin()->first <= now) {
    erase(by_sequence_.find(by_expiry_.begin()->second));
    any = true;
  }
  if (any) show_use();
}

// Of the limit per peer, the most that anyone has had: to know who has most now would take a count of its
// own.
void Registrations::show_use() {
  total_.set_used(by_sequence_.size());
  if (by_sequence_.empty()) return per_peer_.set_used(0);
  const auto newest = by_peer_.find(by_sequence_.rbegin()->second.peer);
  per_peer_.set_used(std::max<std::uint64_t>(per_peer_.used(), newest->second.size()));
}

template <class Sequences>
std::uint64_t Registrations::fill(std::vector<Register>& page, const Sequences& sequences,
                                  std::uint64_t after, std::size_t limit, Instant now) const {
  std::size_t bytes = 0;
  for (auto next = sequences.upper_bound(after); next != sequences.end() && page.size() < limit; ++next) {
    const std::uint64_t sequence = sequence_of_entry(*next);
    const Entry& entry = by_sequence_.at(sequence);
    bytes += entry.bytes();
    if (bytes > kPageBytesMax) break;
    page.push_back({.name_space = entry.name_space,
                    .signed_peer_record = entry.record,
                    .ttl = seconds_left(entry.expires, now)});
    after = sequence;
  }
  return after;
}

DiscoverResponse Registrations::discover(const Discover& request, Instant now) {
  expire(now);
  DiscoverResponse response;
  std::uint64_t after = 0;
  if (!request.name_space.empty() && !is_namespace(request.name_space)) {
    response.status = Status::kInvalidNamespace;
    return response;
  }
  if (!request.cookie.empty()) {
    const auto sequence = sequence_of(request.cookie, request.name_space);
    if (!sequence) {
      response.status = Status::kInvalidCookie;
      return response;
    }
    after = *sequence;
  }
  const std::uint64_t wanted = request.limit.value_or(0) == 0 ? kRegistrationsMax : *request.limit;
  const std::size_t limit = std::min<std::uint64_t>(wanted, kRegistrationsMax);
  if (request.name_space.empty()) {
    after = fill(response.registrations, by_sequence_, after, limit, now);
  } else if (const auto found = by_namespace_.find(request.name_space); found != by_namespace_.end()) {
    after = fill(response.registrations, found->second, after, limit, now);
  }
  response.cookie = cookie(after, request.name_space);
  return response;
}

Bytes Registrations::cookie(std::uint64_t sequence, std::string_view name_space) const {
  Bytes cookie = to_bytes(big_endian(sequence));
  Bytes marked = cookie;
  append(marked, as_bytes(name_space));
  append(cookie, BytesView(hmac_sha256(secret_, marked)).first(kMarkSize));
  append(cookie, as_bytes(name_space));
  return cookie;
}

std::optional<std::uint64_t> Registrations::sequence_of(BytesView given, std::string_view name_space) const {
  if (given.size() != kSequenceSize + kMarkSize + name_space.size()) return std::nullopt;
  std::uint64_t sequence = 0;
  for (const std::uint8_t byte : given.first(kSequenceSize)) sequence = sequence << 8 | byte;
  if (!equal(given, cookie(sequence, name_space))) return std::nullopt;
  return sequence;
}

}  // namespace warren::rendezvous
