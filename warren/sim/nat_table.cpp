#include "warren/sim/nat_table.hpp"

#include <cstring>

namespace warren::sim {

namespace {

// One round of the generator of random.hpp: enough to spread what differs in a few bits.
std::uint64_t mix(std::uint64_t hash, std::uint64_t value) {
  hash = (hash ^ value) * 0xbf58476d1ce4e5b9;
  return hash ^ (hash >> 29);
}

std::uint64_t mix(std::uint64_t hash, const Endpoint& endpoint) {
  const BytesView bytes = endpoint.address.bytes();
  std::array<std::uint64_t, 2> words{};
  std::memcpy(words.data(), bytes.data(), bytes.size());
  return mix(mix(mix(hash, words[0]), words[1]), endpoint.port);
}

// A place in the vector, which an earlier one may have left free.
template <class T>
NatTable::Id place(std::vector<T>& all, std::vector<NatTable::Id>& free, const T& value) {
  if (free.empty()) {
    all.push_back(value);
    return static_cast<NatTable::Id>(all.size() - 1);
  }
  const NatTable::Id id = free.back();
  free.pop_back();
  all[id] = value;
  return id;
}

}  // namespace

std::size_t NatTable::KeyHash::operator()(const Key& key) const {
  return mix(mix(mix(0x9e3779b97f4a7c15, key.kind), key.one), key.other);
}

NatTable::Key NatTable::key_of(NatProtocol protocol, const Endpoint& one, const Endpoint& other) {
  return {static_cast<std::uint32_t>(protocol), one, other};
}

NatTable::Key NatTable::key_of(Id mapping, const IpAddress& remote) {
  return {mapping, {remote, 0}, {}};
}

NatTable::Id NatTable::find(const Index<Id>& index, const Key& key) {
  const auto found = index.find(key);
  return found == index.end() ? kNone : found->second;
}

NatTable::Id NatTable::session_from_inside(NatProtocol protocol, const Endpoint& inside,
                                           const Endpoint& remote) const {
  return find(from_inside_, key_of(protocol, inside, remote));
}

NatTable::Id NatTable::session_from_outside(NatProtocol protocol, const Endpoint& outside,
                                            const Endpoint& remote) const {
  return find(from_outside_, key_of(protocol, outside, remote));
}

NatTable::Id NatTable::mapping_of_inside(NatProtocol protocol, const Endpoint& inside,
                                         const Endpoint& scope) const {
  return find(by_inside_, key_of(protocol, inside, scope));
}

NatTable::Id NatTable::mapping_of_outside(NatProtocol protocol, const Endpoint& outside) const {
  return find(by_outside_, key_of(protocol, outside));
}

bool NatTable::knows(Id mapping, const IpAddress& remote) const {
  return with_address_.contains(key_of(mapping, remote));
}

NatTable::Id NatTable::add_mapping(const Mapping& mapping) {
  const Id id = place(mappings_, free_mappings_, mapping);
  by_inside_[key_of(mapping.protocol, mapping.inside, mapping.scope)] = id;
  by_outside_[key_of(mapping.protocol, mapping.outside)] = id;
  return id;
}

NatTable::Id NatTable::add_session(Id mapping, const Endpoint& remote, Timer timer, Instant now) {
  Session session;
  session.mapping = mapping;
  session.remote = remote;
  session.timer = timer;
  session.refreshed = now;
  const Id id = place(sessions_, free_sessions_, session);
  link(id);
  Mapping& owner = mappings_[mapping];
  ++owner.sessions;
  from_inside_[key_of(owner.protocol, owner.inside, remote)] = id;
  from_outside_[key_of(owner.protocol, owner.outside, remote)] = id;
  ++with_address_[key_of(mapping, remote.address)];
  return id;
}

void NatTable::refresh(Id id, Timer timer, Instant now) {
  unlink(id);
  sessions_[id].timer = timer;
  sessions_[id].refreshed = now;
  link(id);
}

void NatTable::expire(Instant now, const Timeouts& timeouts) {
  for (std::size_t timer = 0; timer < lists_.size(); ++timer) {
    const List& list = lists_[timer];
    while (list.first != kNone && sessions_[list.first].refreshed + timeouts[timer] <= now)
      remove(list.first);
  }
}

void NatTable::clear() {
  *this = {};
}

void NatTable::link(Id id) {
  Session& session = sessions_[id];
  List& to = list(session.timer);
  session.before = to.last;
  session.after = kNone;
  (to.last == kNone ? to.first : sessions_[to.last].after) = id;
  to.last = id;
}

void NatTable::unlink(Id id) {
  const Session& session = sessions_[id];
  List& from = list(session.timer);
  (session.before == kNone ? from.first : sessions_[session.before].after) = session.after;
  (session.after == kNone ? from.last : sessions_[session.after].before) = session.before;
}

void NatTable::remove(Id id) {
  unlink(id);
  const Id owner = sessions_[id].mapping;
  const Endpoint remote = sessions_[id].remote;
  free_sessions_.push_back(id);
  Mapping& mapping = mappings_[owner];
  from_inside_.erase(key_of(mapping.protocol, mapping.inside, remote));
  from_outside_.erase(key_of(mapping.protocol, mapping.outside, remote));
  const auto count = with_address_.find(key_of(owner, remote.address));
  if (--count->second == 0) with_address_.erase(count);
  if (--mapping.sessions > 0) return;
  by_inside_.erase(key_of(mapping.protocol, mapping.inside, mapping.scope));
  by_outside_.erase(key_of(mapping.protocol, mapping.outside));
  free_mappings_.push_back(owner);
}

}  // namespace warren::sim
