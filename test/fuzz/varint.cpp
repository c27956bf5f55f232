// Varints, and all that the sticky reader can read: the input is first a script of reads, then what is read.

#include "warren/base/varint.hpp"
#include "warren/base/assert.hpp"
#include "warren/base/reader.hpp"
#include "warren/base/writer.hpp"

namespace warren {
namespace {

// What was read is what is written again, in as many bytes.
void check_varint(BytesView input) {
  const auto varint = decode_varint(input);
  if (!varint) return;
  WARREN_ASSERT(varint->value <= kVarintMax);
  WARREN_ASSERT(varint->size == varint_size(varint->value));
  Bytes again;
  append_varint(again, varint->value);
  WARREN_ASSERT(equal(again, input.first(varint->size)));
}

void read(Reader& reader, Writer& writer, std::uint8_t step) {
  constexpr std::size_t kDelimitedMax = 100;
  switch (step % 7) {
    case 0: writer.u8(reader.u8()); break;
    case 1: writer.u16(reader.u16()); break;
    case 2: writer.u32(reader.u32()); break;
    case 3: writer.u64(reader.u64()); break;
    case 4: writer.varint(reader.varint()); break;
    case 5: writer.bytes(reader.bytes(step / 7)); break;
    default: {
      const BytesView field = reader.delimited(kDelimitedMax);
      WARREN_ASSERT(field.size() <= kDelimitedMax);
      writer.delimited(field);
    }
  }
}

void check_reader(BytesView script, BytesView input) {
  Reader reader(input);
  Writer writer;
  for (const std::uint8_t step : script) {
    const std::size_t before = reader.remaining();
    const std::size_t written = writer.view().size();
    const bool was_ok = reader.ok();
    read(reader, writer, step);
    WARREN_ASSERT(reader.remaining() <= before);
    WARREN_ASSERT(was_ok || !reader.ok());
    if (!reader.ok()) break;
    WARREN_ASSERT(before - reader.remaining() == writer.view().size() - written);
  }
  if (!reader.ok()) {
    WARREN_ASSERT(reader.u64() == 0 && reader.varint() == 0 && reader.rest().empty() && !reader.finish());
    return;
  }
  WARREN_ASSERT(equal(writer.view(), input.first(writer.view().size())));
  const bool all_read = reader.remaining() == 0;
  WARREN_ASSERT(reader.finish().has_value() == all_read);
}

}  // namespace
}  // namespace warren

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const warren::BytesView input(data, size);
  warren::check_varint(input);
  if (size == 0) return 0;
  const std::size_t script = std::min<std::size_t>(data[0] % 16, size - 1);
  warren::check_reader(input.subspan(1, script), input.subspan(1 + script));
  return 0;
}
