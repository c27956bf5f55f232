// Who gets in whatever the limits say, and who never does: single peers, nodes and subnets, changed at run
// time. Allowed peers always find a place; that is the defence against being surrounded (eclipse).
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "warren/crypto/node_id.hpp"
#include "warren/crypto/peer_id.hpp"
#include "warren/env/endpoint.hpp"

namespace warren {

// "192.0.2.0/24", "2001:db8::/32", or one address.
struct Subnet {
  IpAddress address;  // with the bits after the prefix zero
  unsigned prefix_bits = 0;

  static Result<Subnet> parse(std::string_view text);
  std::string to_string() const;
  bool contains(const IpAddress& other) const;
  bool operator==(const Subnet&) const = default;
};

using AccessSubject = std::variant<PeerId, NodeId, Subnet>;

// "12D3KooW...", "zEPJ..." or a subnet. kMalformed for anything else.
Result<AccessSubject> parse_access_subject(std::string_view text);
std::string to_string(const AccessSubject& subject);

enum class Access { kNormal, kAllowed, kDenied };

class AccessList {
 public:
  // Entries that the list holds at most; the owner of the node makes them, so a mistake is what it bounds.
  static constexpr std::size_t kEntriesMax = 65'536;

  struct Entry {
    AccessSubject subject;
    Access access = Access::kNormal;  // allowed or denied
  };

  // Replaces what was said of this subject before; kNormal takes it off the list. kLimitReached over
  // kEntriesMax.
  Result<> set(const AccessSubject& subject, Access access);
  // In the order they were made.
  std::vector<Entry> entries() const;

  // What the list says of an address, before it is known who is there. The longest prefix decides.
  Access of(const IpAddress& address) const;
  // What it says of a peer. An entry for the node that a peer is bound to counts as one for the peer; what is
  // said of a peer counts more than what is said of its address.
  Access of(const PeerId& peer, const std::optional<NodeId>& node,
            const std::optional<IpAddress>& address) const;
};

}  // namespace warren
