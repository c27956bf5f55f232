#include "warren/env/real/txt_answer.hpp"

#include "warren/base/reader.hpp"

namespace warren::real {

namespace {

constexpr std::uint16_t kTypeTxt = 16;
constexpr std::uint16_t kClassInternet = 1;

// Labels up to the root, or up to a pointer to others, which need not be followed.
void skip_name(Reader& reader) {
  while (reader.ok()) {
    const std::uint8_t size = reader.u8();
    if (size == 0) return;
    if ((size & 0xc0) == 0xc0) {
      reader.u8();
      return;
    }
    if ((size & 0xc0) != 0) reader.fail(Errc::kMalformed);
    reader.bytes(size);
  }
}

// Strings of up to 255 bytes, each behind its size.
Result<std::string> joined_strings(BytesView data) {
  std::string text;
  Reader reader(data);
  while (reader.remaining() > 0) {
    const std::uint8_t size = reader.u8();
    text += as_text(reader.bytes(size));
    if (!reader.ok()) return fail(Errc::kMalformed);
  }
  return text;
}

// RFC 2181, section 8: a TTL with the highest bit set is zero.
Duration ttl_of(std::uint32_t seconds) {
  return std::chrono::seconds((seconds & 0x8000'0000) != 0 ? 0 : seconds);
}

}  // namespace

Result<std::vector<TextRecord>> parse_txt_answer(BytesView message) {
  Reader reader(message);
  reader.u32();  // id and flags: c-ares has looked at them
  const std::uint16_t questions = reader.u16();
  const std::uint16_t answers = reader.u16();
  reader.u32();
  for (std::uint16_t i = 0; i < questions && reader.ok(); ++i) {
    skip_name(reader);
    reader.u32();
  }
  std::vector<TextRecord> records;
  for (std::uint16_t i = 0; i < answers && reader.ok(); ++i) {
    skip_name(reader);
    const std::uint16_t type = reader.u16();
    const std::uint16_t record_class = reader.u16();
    const Duration ttl = ttl_of(reader.u32());
    const std::uint16_t size = reader.u16();
    const BytesView data = reader.bytes(size);
    if (!reader.ok() || type != kTypeTxt || record_class != kClassInternet) continue;
    auto text = joined_strings(data);
    if (!text) return fail(text.error());
    if (text->size() <= kDnsTextMax && records.size() < kDnsRecordsMax)
      records.push_back({std::move(*text), ttl});
  }
  if (!reader.ok()) return fail(Errc::kMalformed);
  if (records.empty()) return fail(Errc::kNotFound);
  return records;
}

}  // namespace warren::real
