#include "warren/multiformats/cid.hpp"

#include "warren/base/reader.hpp"
#include "warren/base/writer.hpp"
#include "warren/multiformats/multibase.hpp"
#include "warren/multiformats/multihash.hpp"

namespace warren {

Result<Cid> Cid::parse(std::string_view text) {
  const auto bytes = multibase_decode(text);
  if (!bytes) return fail(bytes.error());
  Reader reader(*bytes);
  const std::uint64_t version = reader.varint();
  Cid cid;
  cid.codec = reader.varint();
  cid.multihash = to_bytes(reader.rest());
  if (!reader.ok()) return fail(reader.error());
  if (version != 1) return fail(Errc::kUnsupported);
  if (const auto hash = Multihash::decode(cid.multihash); !hash) return fail(hash.error());
  return cid;
}

std::string Cid::to_string() const {
  return multibase_encode(Multibase::kBase32, Writer().varint(1).varint(codec).bytes(multihash).view());
}

}  // namespace warren
