// NodeID: who a Warren node is, its SM2 public key. varint(0x1206, sm2-pub) || 33 bytes, shown as z +
// base58btc: always 49 characters that begin with zEPJ. The key is inside, so a signature can be checked from
// the ID alone. docs/wire.md.
#pragma once

#include <compare>
#include <functional>

#include "warren/base/bytes.hpp"
#include "warren/crypto/sm2.hpp"

namespace warren {

// A small value that always holds a valid key: compare, order, hash and copy freely.
class NodeId {
 public:
  static constexpr std::uint64_t kCodec = 0x1206;  // multicodec table: sm2-pub

  explicit NodeId(const Sm2PublicKey& key) : key_(key.compressed()) {}
  // The 33 bytes of the key alone, as our messages carry them. kBadKey when they are no key.
  static Result<NodeId> from_key_bytes(BytesView compressed);
  // With the codec in front, the binary form of the text.
  static Result<NodeId> from_bytes(BytesView bytes);
  // "zEPJ...", or the key as 66 (compressed) or 130 (uncompressed) hex digits, or as a PEM public key.
  // kBadEncoding: none of these; kBadKey: the key is not valid.
  static Result<NodeId> parse(std::string_view text);

  Bytes bytes() const;
  const std::array<std::uint8_t, kSm2KeySize>& key_bytes() const { return key_; }
  std::string to_string() const;
  // The first 10 characters, for logs.
  std::string short_text() const { return to_string().substr(0, 10); }

  // Imports the key, which costs about a quarter of a verification: keep the result when it is used
  // again.
  Sm2PublicKey public_key() const;

  bool operator==(const NodeId&) const = default;
  std::strong_ordering operator<=>(const NodeId&) const = default;

 private:
  NodeId() = default;

  std::array<std::uint8_t, kSm2KeySize> key_{};
};

}  // namespace warren

template <>
struct std::hash<warren::NodeId> {
  std::size_t operator()(const warren::NodeId& id) const {
    return std::hash<std::string_view>{}(warren::as_text(id.key_bytes()));
  }
};
