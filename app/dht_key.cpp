#include "app/dht_key.hpp"

#include <fmt/format.h>

#include "app/exit_status.hpp"
#include "app/text.hpp"
#include "warren/crypto/hash.hpp"
#include "warren/crypto/node_id.hpp"
#include "warren/crypto/peer_id.hpp"
#include "warren/multiformats/cid.hpp"
#include "warren/multiformats/multibase.hpp"
#include "warren/multiformats/multihash.hpp"

namespace warren::app {
namespace {

constexpr std::size_t kCidV0Size = 46;  // "Qm...", the base58 of a sha2-256 multihash
constexpr std::size_t kKeyMax = 1024;

Bytes hex_after_0x(const std::string& text) {
  auto bytes = from_hex(text.substr(2));
  if (!bytes || bytes->empty())
    throw Failure(ExitStatus::kUsage, fmt::format("\"{}\" is not hex after 0x; correct it", printable(text)));
  return std::move(*bytes);
}

Bytes bytes_of_rest(const std::string& rest) {
  if (rest.starts_with("0x")) return hex_after_0x(rest);
  if (rest.starts_with("zEPJ")) {
    const auto node = NodeId::parse(rest);
    if (!node)
      throw Failure(ExitStatus::kUsage,
                    fmt::format("\"{}\" is no NodeID; check that it is whole", printable(rest)));
    return to_bytes(node->key_bytes());
  }
  const auto peer = PeerId::parse(rest);
  return peer ? to_bytes(peer->bytes()) : to_bytes(std::string_view(rest));
}

}  // namespace

Bytes parse_record_key(const std::string& text) {
  Bytes key;
  if (text.starts_with("0x")) {
    key = hex_after_0x(text);
  } else {
    const std::size_t slash = text.starts_with('/') ? text.find('/', 1) : std::string::npos;
    if (slash == std::string::npos || slash == 1 || slash + 1 == text.size()) {
      throw Failure(
          ExitStatus::kUsage,
          fmt::format("\"{}\" is no key of a record; write one like /pk/12D3KooW...", printable(text)));
    }
    key = to_bytes(std::string_view(text).substr(0, slash + 1));
    const Bytes rest = bytes_of_rest(text.substr(slash + 1));
    key.insert(key.end(), rest.begin(), rest.end());
  }
  if (key.size() > kKeyMax)
    throw Failure(ExitStatus::kUsage, "a key has 1024 bytes at most; take a shorter one");
  return key;
}

Bytes parse_content(const std::string& text) {
  if (text.starts_with("0x")) {
    Bytes bytes = hex_after_0x(text);
    if (Multihash::decode(bytes)) return bytes;
  } else if (text.size() == kCidV0Size && text.starts_with("Qm")) {
    auto bytes = base58_decode(text);
    if (bytes && Multihash::decode(*bytes)) return std::move(*bytes);
  } else if (auto cid = Cid::parse(text)) {
    return std::move(cid->multihash);
  }
  throw Failure(ExitStatus::kUsage,
                fmt::format("\"{}\" is neither a CID nor a multihash in hex after 0x; `--text` makes one of "
                            "a text",
                            printable(text)));
}

Bytes multihash_of_text(const std::string& text) {
  const Digest digest = sha256(as_bytes(text));
  return Multihash{.code = kHashSha256, .digest = Bytes(digest.begin(), digest.end())}.encode();
}

}  // namespace warren::app
