// What is inside requests and responses, and the replies around them. What decodes is canonical.

#include "warren/base/assert.hpp"
#include "warren/messaging/bodies.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace warren;
  const BytesView input(data, size);
  if (const auto request = RequestBody::decode(to_bytes(input))) {
    WARREN_ASSERT(equal(request->encode(), input));
    WARREN_ASSERT(is_service_name(request->service));
    WARREN_ASSERT(input.size() - request->payload.size() <= kBodyOverheadMax);
  }
  if (const auto response = ResponseBody::decode(to_bytes(input))) {
    WARREN_ASSERT(equal(response->encode(), input));
    WARREN_ASSERT(response->verdict.status == Status::kOk || response->payload.empty());
    const auto code = to_error(response->verdict.status);
    WARREN_ASSERT((response->verdict.status == Status::kOk) == !code);
  }
  if (const auto reply = Reply::decode(to_bytes(input))) {
    WARREN_ASSERT(equal(reply->encode(), input));
    WARREN_ASSERT(reply->envelope || reply->refusal.status != Status::kOk);
  }
  return 0;
}
