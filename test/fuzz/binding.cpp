// Bindings, signed bindings and the answers on a bind stream. What decodes is canonical: it encodes to the
// same bytes.

#include "warren/messaging/binding.hpp"
#include "warren/base/assert.hpp"
#include "warren/messaging/bodies.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace warren;
  const BytesView input(data, size);
  if (const auto binding = Binding::decode(input)) {
    WARREN_ASSERT(equal(binding->encode(), input));
    WARREN_ASSERT(is_network_name(binding->network));
  }
  if (const auto signed_binding = SignedBinding::decode(input)) {
    WARREN_ASSERT(equal(signed_binding->encode(), input));
    const auto binding = Binding::decode(signed_binding->binding);
    // Forgeries are what is fuzzed here, unless the input is the seed itself.
    if (binding) {
      const BindingCheck check{binding->network, binding->peer(), binding->not_before, 0};
      const auto verified = verify_binding(*signed_binding, *binding, check);
      const BindingCheck other{"another-network", binding->peer(), binding->not_before, 0};
      WARREN_ASSERT(!verified || !verify_binding(*signed_binding, *binding, other));
    }
  }
  if (const auto reply = BindReply::decode(input)) WARREN_ASSERT(equal(reply->encode(), input));
  return 0;
}
