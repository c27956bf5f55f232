// The protobuf wire format. What the canonical form accepts is written again byte for byte, and the lenient
// form reads the same in it; what the lenient form accepts has fields only from within the input.

#include "warren/base/protobuf_wire.hpp"
#include "warren/base/assert.hpp"

namespace warren {
namespace {

// Even fields are numbers and odd ones bytes, as a schema would say; those from 100 on repeat.
constexpr std::uint32_t kRepeated = 100;

// Reads the message by that schema into `to`.
Result<> rewrite(BytesView message, ProtobufForm form, ProtobufWriter& to) {
  ProtobufReader reader(message, form);
  std::uint32_t fields = 0;
  while (reader.next()) {
    WARREN_ASSERT(++fields <= message.size());  // each takes a byte at least
    const std::uint32_t field = reader.field();
    WARREN_ASSERT(field >= 1 && field < 1u << 29);
    if (field > 2 * kRepeated) {
      reader.unknown();
    } else if (field % 2 == 0) {
      to.varint(field, reader.varint());
    } else {
      const BytesView bytes = field > kRepeated ? reader.repeated_bytes() : reader.bytes();
      const bool inside = bytes.empty() || (bytes.data() >= message.data() &&
                                            bytes.data() + bytes.size() <= message.data() + message.size());
      WARREN_ASSERT(inside);
      to.bytes(field, bytes);
    }
  }
  return reader.finish();
}

}  // namespace
}  // namespace warren

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace warren;
  const BytesView input(data, size);
  ProtobufWriter lenient;
  ProtobufWriter canonical;
  const bool reads_leniently = rewrite(input, ProtobufForm::kLenient, lenient).has_value();
  if (rewrite(input, ProtobufForm::kCanonical, canonical)) {
    WARREN_ASSERT(reads_leniently);
    WARREN_ASSERT(equal(canonical.view(), input));
    WARREN_ASSERT(equal(lenient.view(), input));
  }
  return 0;
}
