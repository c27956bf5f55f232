#include "warren/multiformats/multihash.hpp"

#include "warren/base/reader.hpp"
#include "warren/base/writer.hpp"

namespace warren {

Result<Multihash> Multihash::decode(BytesView bytes) {
  Reader reader(bytes);
  Multihash hash;
  hash.code = reader.varint();
  hash.digest = to_bytes(reader.delimited(kDigestMax));
  if ((hash.code == kHashSha256 || hash.code == kHashSm3) && hash.digest.size() != 32) {
    reader.fail(Errc::kMalformed);
  }
  if (const auto end = reader.finish(); !end) return fail(end.error());
  return hash;
}

Bytes Multihash::encode() const {
  return Writer().varint(code).delimited(digest).take();
}

}  // namespace warren
