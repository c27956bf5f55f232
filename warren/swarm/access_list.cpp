#include "warren/swarm/access_list.hpp"

namespace warren {

Result<AccessSubject> parse_access_subject(std::string_view text) {
  if (auto peer = PeerId::parse(text)) return *peer;
  if (auto node = NodeId::parse(text)) return *node;
  if (auto subnet = Subnet::parse(text)) return *subnet;
  return fail(Errc::kMalformed);
}

std::string to_string(const AccessSubject& subject) {
  return std::visit([](const auto& one) { return one.to_string(); }, subject);
}

std::size_t AccessList::HashOfAddress::operator()(const IpAddress& address) const {
  return std::hash<std::string_view>{}(as_text(address.bytes()));
}

Result<> AccessList::set(const AccessSubject& given, Access access) {
  AccessSubject subject = given;
  if (const auto* subnet = std::get_if<Subnet>(&given)) {
    const auto normal = normalized(subnet->address, subnet->prefix_bits);
    if (!normal) return fail(normal.error());
    subject = *normal;
  }
  const auto number = find(subject);
  if (!number && access != Access::kNormal && entries_.size() >= kEntriesMax)
    return fail(Errc::kLimitReached);
  count_name(subject, number ? entries_.at(*number).access : Access::kNormal, access);
  if (access == Access::kNormal) {
    if (number) erase(subject, *number);
  } else if (number) {
    entries_.at(*number).access = access;
  } else {
    index(subject, next_);
    entries_.emplace(next_++, Entry{std::move(subject), access});
  }
  return {};
}

void AccessList::count_name(const AccessSubject& subject, Access before, Access after) {
  if (std::holds_alternative<Subnet>(subject)) return;
  if (before == Access::kAllowed) --allowed_by_name_;
  if (after == Access::kAllowed) ++allowed_by_name_;
}

std::vector<AccessList::Entry> AccessList::entries() const {
  std::vector<Entry> list;
  list.reserve(entries_.size());
  for (const auto& [number, entry] : entries_) list.push_back(entry);
  return list;
}

Access AccessList::of(const IpAddress& given) const {
  const IpAddress address = unmapped(given);
  for (const auto& [prefix_bits, subnets] : subnets_of(address)) {
    const auto found = subnets.find(masked(address, prefix_bits));
    if (found != subnets.end()) return entries_.at(found->second).access;
  }
  return Access::kNormal;
}

Access AccessList::of(const PeerId& peer, const std::optional<NodeId>& node,
                      const std::optional<IpAddress>& address) const {
  bool allowed = false;
  const auto denies = [&](std::optional<Number> number) {
    const Access access = number ? entries_.at(*number).access : Access::kNormal;
    allowed |= access == Access::kAllowed;
    return access == Access::kDenied;
  };
  if (denies(find(peer)) || (node && denies(find(*node)))) return Access::kDenied;
  if (allowed) return Access::kAllowed;
  return address ? of(*address) : Access::kNormal;
}

std::optional<AccessList::Number> AccessList::find(const AccessSubject& subject) const {
  const auto in = [](const auto& index, const auto& key) {
    const auto found = index.find(key);
    return found == index.end() ? std::nullopt : std::optional<Number>(found->second);
  };
  if (const auto* peer = std::get_if<PeerId>(&subject)) return in(peers_, *peer);
  if (const auto* node = std::get_if<NodeId>(&subject)) return in(nodes_, *node);
  const auto& [address, prefix_bits] = std::get<Subnet>(subject);
  const SubnetIndexes& subnets = subnets_of(address);
  const auto of_length = subnets.find(prefix_bits);
  return of_length == subnets.end() ? std::nullopt : in(of_length->second, address);
}

void AccessList::index(const AccessSubject& subject, Number number) {
  if (const auto* peer = std::get_if<PeerId>(&subject)) {
    peers_.emplace(*peer, number);
  } else if (const auto* node = std::get_if<NodeId>(&subject)) {
    nodes_.emplace(*node, number);
  } else {
    const auto& [address, prefix_bits] = std::get<Subnet>(subject);
    (address.is_v4() ? subnets_v4_ : subnets_v6_)[prefix_bits].emplace(address, number);
  }
}

void AccessList::erase(const AccessSubject& subject, Number number) {
  if (const auto* peer = std::get_if<PeerId>(&subject)) {
    peers_.erase(*peer);
  } else if (const auto* node = std::get_if<NodeId>(&subject)) {
    nodes_.erase(*node);
  } else {
    const auto& [address, prefix_bits] = std::get<Subnet>(subject);
    SubnetIndexes& subnets = address.is_v4() ? subnets_v4_ : subnets_v6_;
    SubnetIndex& of_length = subnets[prefix_bits];
    of_length.erase(address);
    if (of_length.empty()) subnets.erase(prefix_bits);
  }
  entries_.erase(number);
}

const AccessList::SubnetIndexes& AccessList::subnets_of(const IpAddress& address) const {
  return address.is_v4() ? subnets_v4_ : subnets_v6_;
}

}  // namespace warren
