// Who gets in whatever the limits say, and who never does: single peers, nodes and subnets, changed at run
// time. Allowed peers always find a place; that is the defence against being surrounded (eclipse).
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include "warren/crypto/node_id.hpp"
#include "warren/crypto/peer_id.hpp"
#include "warren/swarm/subnet.hpp"

namespace warren {

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

  // Replaces what was said of this subject before, in its place; kNormal takes it off the list. kLimitReached
  // over kEntriesMax; kBadAddress for a subnet whose prefix is longer than its address.
  Result<> set(const AccessSubject& subject, Access access);
  // In the order they were made.
  std::vector<Entry> entries() const;
  // Whether some peer or node is allowed, wherever it comes from: then no address tells who must stay out.
  bool allows_by_name() const { return allowed_by_name_ > 0; }

  // What the list says of an address, before it is known who is there. The longest prefix decides.
  Access of(const IpAddress& address) const;
  // What it says of a peer. An entry for the node that a peer is bound to counts as one for the peer; what is
  // said of a peer counts more than what is said of its address, and denied more than allowed.
  Access of(const PeerId& peer, const std::optional<NodeId>& node,
            const std::optional<IpAddress>& address) const;

 private:
  // An entry's number counts up with every entry made, so that entries_ is in that order.
  using Number = std::uint64_t;
  template <class Key>
  using Index = std::unordered_map<Key, Number>;
  struct HashOfAddress {
    std::size_t operator()(const IpAddress& address) const;
  };
  using SubnetIndex = std::unordered_map<IpAddress, Number, HashOfAddress>;
  // By prefix length, the longest first: a look-up asks one table for each length that occurs.
  using SubnetIndexes = std::map<unsigned, SubnetIndex, std::greater<>>;

  std::optional<Number> find(const AccessSubject& subject) const;
  void index(const AccessSubject& subject, Number number);
  void erase(const AccessSubject& subject, Number number);
  const SubnetIndexes& subnets_of(const IpAddress& address) const;

  void count_name(const AccessSubject& subject, Access before, Access after);

  std::map<Number, Entry> entries_;
  std::size_t allowed_by_name_ = 0;
  Number next_ = 0;
  Index<PeerId> peers_;
  Index<NodeId> nodes_;
  SubnetIndexes subnets_v4_;
  SubnetIndexes subnets_v6_;
};

}  // namespace warren
