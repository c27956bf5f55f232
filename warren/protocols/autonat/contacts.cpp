#include "warren/protocols/autonat/contacts.hpp"

#include <algorithm>

namespace warren::autonat {

void Contacts::make_room(Instant now) {
  if (contacts_.size() < kContactsMax) return;
  std::erase_if(contacts_, [now](const auto& entry) { return !entry.second.holds(now); });
  if (contacts_.size() < kContactsMax) return;
  // The connections of a node are bounded elsewhere, and far fewer.
  const auto oldest = std::ranges::min_element(
      contacts_, {}, [](const auto& entry) { return std::pair(entry.second.open > 0, entry.second.last); });
  contacts_.erase(oldest);
}

Contacts::Contact& Contacts::touch(const Key& key, Instant now) {
  const auto found = contacts_.find(key);
  if (found == contacts_.end()) {
    make_room(now);
    return contacts_.emplace(key, Contact{.first = now, .last = now}).first->second;
  }
  Contact& contact = found->second;
  if (!contact.holds(now)) contact.first = now;
  contact.last = now;
  return contact;
}

void Contacts::note(const IpAddress& ip, Protocol transport, Instant now) {
  touch({ip, transport}, now);
}

void Contacts::opened(const IpAddress& ip, Protocol transport, Instant now) {
  ++touch({ip, transport}, now).open;
}

void Contacts::closed(const IpAddress& ip, Protocol transport, Instant now) {
  Contact& contact = touch({ip, transport}, now);
  if (contact.open > 0) --contact.open;
}

bool Contacts::contacted(const IpAddress& ip, Protocol transport, Instant then, Instant now) const {
  const auto found = contacts_.find({ip, transport});
  return found != contacts_.end() && found->second.holds(now) && found->second.first <= then;
}

}  // namespace warren::autonat
