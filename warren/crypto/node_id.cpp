#include "warren/crypto/node_id.hpp"

#include <algorithm>

#include "warren/base/reader.hpp"
#include "warren/base/writer.hpp"
#include "warren/crypto/pem.hpp"
#include "warren/multiformats/multibase.hpp"

namespace warren {
namespace {

Result<Sm2PublicKey> key_from_hex(std::string_view hex) {
  const auto bytes = from_hex(hex);
  if (!bytes) return fail(bytes.error());
  return bytes->size() == kSm2KeySize ? Sm2PublicKey::from_compressed(*bytes)
                                      : Sm2PublicKey::from_uncompressed(*bytes);
}

Result<NodeId> id_of(const Result<Sm2PublicKey>& key) {
  if (!key) return fail(key.error());
  return NodeId(*key);
}

}  // namespace

Result<NodeId> NodeId::from_key_bytes(BytesView compressed) {
  return id_of(Sm2PublicKey::from_compressed(compressed));
}

Result<NodeId> NodeId::from_bytes(BytesView bytes) {
  Reader reader(bytes);
  const std::uint64_t codec = reader.varint();
  const BytesView key = reader.rest();
  if (!reader.ok()) return fail(reader.error());
  if (codec != kCodec) return fail(Errc::kMalformed);
  return from_key_bytes(key);
}

Result<NodeId> NodeId::parse(std::string_view text) {
  if (text.starts_with("-----BEGIN")) return id_of(sm2_public_key_from_pem(text));
  if (text.size() == 2 * kSm2KeySize || text.size() == 2 * kSm2UncompressedSize)
    return id_of(key_from_hex(text));
  if (!text.starts_with(static_cast<char>(Multibase::kBase58Btc))) return fail(Errc::kBadEncoding);
  const auto bytes = multibase_decode(text);
  if (!bytes) return fail(bytes.error());
  return from_bytes(*bytes);
}

Bytes NodeId::bytes() const {
  return Writer().varint(kCodec).bytes(key_).take();
}
std::string NodeId::to_string() const {
  return multibase_encode(Multibase::kBase58Btc, bytes());
}
Sm2PublicKey NodeId::public_key() const {
  return *Sm2PublicKey::from_compressed(key_);
}

}  // namespace warren
