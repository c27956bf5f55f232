#include "warren/swarm/access_list.hpp"

#include <algorithm>
#include <charconv>

namespace warren {

namespace {

constexpr unsigned kMappedPrefixBits = 96;  // of ::ffff:0:0/96, RFC 4291, section 2.5.5.2

unsigned bits_of(const IpAddress& address) {
  return static_cast<unsigned>(address.bytes().size()) * 8;
}

bool is_mapped(const IpAddress& address) {
  if (address.is_v4()) return false;
  const BytesView bytes = address.bytes();
  return std::ranges::all_of(bytes.first(10), [](auto byte) { return byte == 0; }) && bytes[10] == 0xff &&
         bytes[11] == 0xff;
}

// A socket that listens on both families shows IPv4 peers as mapped addresses; an entry must hold for both.
IpAddress unmapped(const IpAddress& address) {
  if (!is_mapped(address)) return address;
  std::array<std::uint8_t, 4> four;
  std::ranges::copy(address.bytes().subspan(12), four.begin());
  return IpAddress::v4(four);
}

// Precondition: prefix_bits <= bits_of(address).
IpAddress masked(const IpAddress& address, unsigned prefix_bits) {
  std::array<std::uint8_t, 16> bytes{};
  std::size_t i = 0;
  for (const std::uint8_t byte : address.bytes()) {
    const unsigned kept = std::clamp<unsigned>(prefix_bits, 8 * i, 8 * i + 8) - 8 * i;
    bytes[i++] = static_cast<std::uint8_t>(byte & (0xff00u >> kept));
  }
  if (!address.is_v4()) return IpAddress::v6(bytes);
  return IpAddress::v4({bytes[0], bytes[1], bytes[2], bytes[3]});
}

// The one form in which a subnet is listed and found.
Result<Subnet> normalized(IpAddress address, unsigned prefix_bits) {
  if (prefix_bits > bits_of(address)) return fail(Errc::kBadAddress);
  if (is_mapped(address)) {
    // A shorter prefix holds more than IPv4: nobody means that.
    if (prefix_bits < kMappedPrefixBits) return fail(Errc::kBadAddress);
    address = unmapped(address);
    prefix_bits -= kMappedPrefixBits;
  }
  return Subnet{masked(address, prefix_bits), prefix_bits};
}

Result<unsigned> parse_prefix(std::string_view text) {
  unsigned bits = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), bits);
  const bool leading_zero = text.size() > 1 && text.front() == '0';
  if (error != std::errc{} || end != text.data() + text.size() || leading_zero)
    return fail(Errc::kBadAddress);
  return bits;
}

}  // namespace

Result<Subnet> Subnet::parse(std::string_view text) {
  const std::size_t slash = text.find('/');
  const auto address = IpAddress::parse(text.substr(0, slash));
  if (!address) return fail(address.error());
  if (slash == std::string_view::npos) return normalized(*address, bits_of(*address));
  const auto prefix_bits = parse_prefix(text.substr(slash + 1));
  if (!prefix_bits) return fail(prefix_bits.error());
  return normalized(*address, *prefix_bits);
}

std::string Subnet::to_string() const {
  if (prefix_bits == bits_of(address)) return address.to_string();
  return address.to_string() + "/" + std::to_string(prefix_bits);
}

bool Subnet::contains(const IpAddress& other) const {
  const IpAddress candidate = unmapped(other);
  return candidate.is_v4() == address.is_v4() && masked(candidate, prefix_bits) == address;
}

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
