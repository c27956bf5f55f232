#include "warren/crypto/peer_id.hpp"

#include <algorithm>

#include "warren/crypto/hash.hpp"
#include "warren/multiformats/cid.hpp"
#include "warren/multiformats/multibase.hpp"
#include "warren/multiformats/multihash.hpp"

namespace warren {

PeerId PeerId::from_public_key(const PublicKey& key) {
  Bytes message = key.to_protobuf();
  if (message.size() <= kInlineKeyMax)
    return *from_bytes(Multihash{kHashIdentity, std::move(message)}.encode());
  return *from_bytes(Multihash{kHashSha256, to_bytes(sha256(message))}.encode());
}

Result<PeerId> PeerId::from_bytes(BytesView multihash) {
  if (const auto checked = check_peer_multihash(multihash); !checked) return fail(Errc::kMalformed);
  PeerId id;
  std::ranges::copy(multihash, id.bytes_.begin());
  id.size_ = static_cast<std::uint8_t>(multihash.size());
  return id;
}

Result<PeerId> PeerId::parse(std::string_view text) {
  const auto multihash = parse_peer_multihash(text);
  if (!multihash) return fail(multihash.error());
  return from_bytes(*multihash);
}

std::optional<PeerId> PeerId::of(const Multiaddr& address) {
  const auto multihash = address.peer_id();
  if (!multihash) return std::nullopt;
  return *from_bytes(*multihash);  // a Multiaddr holds valid ones only
}

std::string PeerId::to_string() const {
  return base58_encode(bytes());
}
std::string PeerId::to_cid() const {
  return Cid{kCodecLibp2pKey, to_bytes(bytes())}.to_string();
}

std::string PeerId::short_text() const {
  const std::string text = to_string();
  return text.substr(text.size() - std::min<std::size_t>(text.size(), 8));
}

std::optional<PublicKey> PeerId::public_key() const {
  if (empty() || bytes_[0] != kHashIdentity) return std::nullopt;
  auto key = PublicKey::from_protobuf(bytes().subspan(2));
  if (!key) return std::nullopt;
  return std::move(*key);
}

std::strong_ordering PeerId::operator<=>(const PeerId& other) const {
  const BytesView a = bytes();
  const BytesView b = other.bytes();
  return std::lexicographical_compare_three_way(a.begin(), a.end(), b.begin(), b.end());
}

}  // namespace warren
