// PeerID: the name of a libp2p peer, a multihash of its public key.
// https://github.com/libp2p/specs/blob/master/peer-ids/peer-ids.md
#pragma once

#include <array>
#include <compare>
#include <functional>
#include <optional>

#include "warren/base/bytes.hpp"
#include "warren/crypto/keys.hpp"
#include "warren/multiformats/multiaddr.hpp"
#include "warren/multiformats/peer_multihash.hpp"

namespace warren {

// A small value: compare, order, hash and copy freely. Empty when default-constructed, which names nobody.
class PeerId {
 public:
  PeerId() = default;

  static PeerId from_public_key(const PublicKey& key);
  // The multihash: identity with at most 42 bytes, or sha2-256. kMalformed otherwise.
  static Result<PeerId> from_bytes(BytesView multihash);
  // "Qm...", "12D3KooW...", or a CIDv1 of codec libp2p-key in base32, base36, base58btc or base16 ("bafz...",
  // "k51...").
  static Result<PeerId> parse(std::string_view text);
  // The peer an address leads to (Multiaddr::peer_id).
  static std::optional<PeerId> of(const Multiaddr& address);

  BytesView bytes() const { return {bytes_.data(), size_}; }
  bool empty() const { return size_ == 0; }
  // Base58, the form that everybody reads.
  std::string to_string() const;
  // CIDv1 in base32: lower case only, for names in DNS.
  std::string to_cid() const;
  // The last 8 characters, for logs: all Ed25519 PeerIDs begin alike.
  std::string short_text() const;

  // The key itself where it is inlined (Ed25519 and secp256k1); otherwise the peer must present it.
  std::optional<PublicKey> public_key() const;
  bool matches(const PublicKey& key) const { return from_public_key(key) == *this; }

  bool operator==(const PeerId& other) const { return equal(bytes(), other.bytes()); }
  std::strong_ordering operator<=>(const PeerId& other) const;

 private:
  std::array<std::uint8_t, kInlineKeyMax + 2> bytes_{};
  std::uint8_t size_ = 0;
};

}  // namespace warren

template <>
struct std::hash<warren::PeerId> {
  std::size_t operator()(const warren::PeerId& id) const {
    return std::hash<std::string_view>{}(warren::as_text(id.bytes()));
  }
};
