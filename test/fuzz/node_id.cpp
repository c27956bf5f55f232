// NodeIDs as bytes and as text, and what a caller may write to name a node or a peer.

#include "warren/crypto/node_id.hpp"
#include "warren/base/assert.hpp"
#include "warren/node/target.hpp"

namespace warren {
namespace {

void check(const NodeId& id) {
  const std::string text = id.to_string();
  WARREN_ASSERT(text.size() == 49 && text.starts_with("zEPJ"));
  WARREN_ASSERT(NodeId::parse(text) == id);
  WARREN_ASSERT(NodeId::from_bytes(id.bytes()) == id);
  WARREN_ASSERT(NodeId::from_key_bytes(id.key_bytes()) == id);
  WARREN_ASSERT(NodeId(id.public_key()) == id);
}

}  // namespace
}  // namespace warren

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace warren;
  const BytesView input(data, size);
  if (const auto id = NodeId::parse(as_text(input))) check(*id);
  if (const auto id = NodeId::from_key_bytes(input)) check(*id);
  if (const auto id = NodeId::from_bytes(input)) {
    WARREN_ASSERT(equal(id->bytes(), input));
    check(*id);
  }
  if (const auto target = Target::parse(as_text(input))) {
    WARREN_ASSERT((target->node() != nullptr) + (target->peer() != nullptr) + (target->info() != nullptr) ==
                  1);
    WARREN_ASSERT(Target::parse(target->to_string()).has_value());
  }
  return 0;
}
