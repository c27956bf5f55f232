// PeerIDs as bytes and as text, in all their forms.

#include "warren/crypto/peer_id.hpp"
#include "warren/base/assert.hpp"

namespace warren {
namespace {

void check(const PeerId& id) {
  WARREN_ASSERT(!id.empty());
  WARREN_ASSERT(PeerId::from_bytes(id.bytes()) == id);
  WARREN_ASSERT(PeerId::parse(id.to_string()) == id);
  WARREN_ASSERT(PeerId::parse(id.to_cid()) == id);
  WARREN_ASSERT(id.to_string().ends_with(id.short_text()));
  if (const auto key = id.public_key()) WARREN_ASSERT(id.matches(*key));
}

}  // namespace
}  // namespace warren

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace warren;
  const BytesView input(data, size);
  if (const auto id = PeerId::parse(as_text(input))) check(*id);
  if (const auto id = PeerId::from_bytes(input)) {
    WARREN_ASSERT(equal(id->bytes(), input));
    check(*id);
  }
  return 0;
}
