// Which address an AutoNAT server dials for whom: pure. Nothing that is not a plain public address of a form
// that it speaks, and nothing for those who come over a relay, whose own IP nobody knows.
#pragma once

#include <optional>
#include <vector>

#include "warren/crypto/peer_id.hpp"
#include "warren/env/endpoint.hpp"
#include "warren/multiformats/multiaddr.hpp"

namespace warren::autonat {

struct DialPolicy {
  PeerId asker;
  Multiaddr observed;          // the asker's end of its connection
  std::vector<IpAddress> own;  // this machine's addresses
  bool ip4 = true;             // families that this machine has
  bool ip6 = true;
  bool private_networks = false;  // private and loopback addresses, and our own, are as good as others
  bool websocket = false;

  // The IP that the asker comes from; nothing for relayed ones and what has none.
  std::optional<IpAddress> observed_ip() const;

  // The address to dial, without /p2p, or nothing when it must not be dialed: not an address, of another
  // peer, relayed, a name, of a transport that we do not speak, of a family that we have not, in a range that
  // nobody may be sent to, or our own.
  std::optional<Multiaddr> dialable(BytesView address) const;

  struct Choice {
    std::uint32_t index = 0;
    Multiaddr address;
    IpAddress ip;
    bool foreign = false;  // it is not the asker's IP: to be paid for
  };
  // v2: the first address that may be dialed.
  std::optional<Choice> choose(const std::vector<Bytes>& addresses) const;

  // v1: every port and transport that is asked for, at the asker's IP and nowhere else, whatever IP was named
  // (nodes behind a NAT name those of their interfaces). None twice, few.
  std::vector<Multiaddr> at_observed_ip(const std::vector<Bytes>& addresses) const;
};

}  // namespace warren::autonat
