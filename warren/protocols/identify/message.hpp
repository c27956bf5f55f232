// The Identify message: what a peer says of itself.
// https://github.com/libp2p/specs/blob/master/identify/README.md Field 8, signedPeerRecord, is not in that
// text; go, rust, js, nim and py use it.
#pragma once

#include <optional>

#include "warren/core/stream.hpp"
#include "warren/crypto/keys.hpp"
#include "warren/multiformats/multiaddr.hpp"

namespace warren::identify {

struct Limits {
  // One message: go reads 8 KiB when there is a signed record in it.
  std::size_t message_size_max = 8 * 1024;
  // A peer may send its identify in several messages that add up (go does when they are long). go reads as
  // many.
  std::size_t messages_max = 10;
  // Protocols and addresses that are kept; the rest is dropped. A full node of ours has about 30 and 20.
  std::size_t protocols_max = 256;
  std::size_t addresses_max = 64;
  // Characters of a protocol's name and of a version.
  std::size_t text_size_max = 256;
};

struct Message {
  std::optional<Bytes> public_key;  // the PublicKey message, as sent
  std::vector<Multiaddr> listen_addresses;
  std::vector<ProtocolId> protocols;
  std::optional<Multiaddr> observed_address;
  std::optional<std::string> protocol_version;
  std::optional<std::string> agent_version;
  std::optional<Bytes> signed_peer_record;
  // What merge() left out for being over addresses_max and protocols_max.
  std::size_t addresses_cut = 0;
  std::size_t protocols_cut = 0;

  Bytes encode() const;

  // Adds the fields of one encoded message to what earlier ones brought; later single fields replace earlier
  // ones. Addresses this node can't read, and what is over a limit, are left out. kMalformed when it is not a
  // protobuf message.
  Result<> merge(BytesView encoded, const Limits& limits);
};

}  // namespace warren::identify
