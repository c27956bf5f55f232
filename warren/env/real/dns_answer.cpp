#include "warren/env/real/dns_answer.hpp"

#include <algorithm>

#include "warren/base/reader.hpp"

namespace warren::real {

namespace {

constexpr std::uint8_t kPointer = 0xc0;
constexpr int kPointersMax = 127;  // as many as a name has labels at most

// Labels up to the root, or up to a pointer to others, which need not be followed.
void skip_name(Reader& reader) {
  while (reader.ok()) {
    const std::uint8_t size = reader.u8();
    if (size == 0) return;
    if ((size & kPointer) == kPointer) {
      reader.u8();
      return;
    }
    if ((size & kPointer) != 0) reader.fail(Errc::kMalformed);
    reader.bytes(size);
  }
}

// RFC 2181, section 8: a TTL with the highest bit set is zero.
Duration ttl_of(std::uint32_t seconds) {
  return std::chrono::seconds((seconds & 0x8000'0000) != 0 ? 0 : seconds);
}

bool is_host_letter(std::uint8_t c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

}  // namespace

Result<std::vector<AnswerRecord>> answer_records(BytesView message, std::uint16_t type) {
  Reader reader(message);
  reader.u32();  // id and flags: c-ares has looked at them
  const std::uint16_t questions = reader.u16();
  const std::uint16_t answers = reader.u16();
  reader.u32();
  for (std::uint16_t i = 0; i < questions && reader.ok(); ++i) {
    skip_name(reader);
    reader.u32();
  }
  std::vector<AnswerRecord> records;
  for (std::uint16_t i = 0; i < answers && reader.ok(); ++i) {
    skip_name(reader);
    const std::uint16_t record_type = reader.u16();
    const std::uint16_t record_class = reader.u16();
    const Duration ttl = ttl_of(reader.u32());
    const std::uint16_t size = reader.u16();
    const BytesView data = reader.bytes(size);
    if (reader.ok() && record_type == type && record_class == kClassInternet) records.push_back({ttl, data});
  }
  if (!reader.ok()) return fail(Errc::kMalformed);
  return records;
}

// Each pointer leads to before the piece of the name that it ends, so there is no loop.
Result<std::string> host_name_at(BytesView message, std::size_t offset) {
  std::string name;
  bool is_host = true;
  int pointers = 0;
  std::size_t piece = offset;
  if (offset > message.size()) return fail(Errc::kMalformed);
  Reader reader(message.subspan(offset));
  while (true) {
    const std::uint8_t size = reader.u8();
    if (!reader.ok()) return fail(Errc::kMalformed);
    if (size == 0) break;
    if ((size & kPointer) == kPointer) {
      const std::size_t to = static_cast<std::size_t>(size & ~kPointer) << 8 | reader.u8();
      if (!reader.ok() || to >= piece || ++pointers > kPointersMax) return fail(Errc::kMalformed);
      piece = to;
      reader = Reader(message.subspan(to));
      continue;
    }
    if ((size & kPointer) != 0) return fail(Errc::kMalformed);
    const BytesView label = reader.bytes(size);
    if (!reader.ok()) return fail(Errc::kMalformed);
    is_host = is_host && std::ranges::all_of(label, is_host_letter);
    if (!name.empty()) name += '.';
    name += as_text(label);
    if (name.size() > kDnsNameMax) return fail(Errc::kBadAddress);
  }
  if (!is_host) return fail(Errc::kBadAddress);
  return name;
}

}  // namespace warren::real
