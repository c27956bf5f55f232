#include "warren/env/real/txt_answer.hpp"

#include "warren/base/reader.hpp"
#include "warren/env/real/dns_answer.hpp"

namespace warren::real {

namespace {

constexpr std::uint16_t kTypeTxt = 16;

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

}  // namespace

Result<std::vector<TextRecord>> parse_txt_answer(BytesView message) {
  const auto answer = answer_records(message, kTypeTxt);
  if (!answer) return fail(answer.error());
  std::vector<TextRecord> records;
  for (const AnswerRecord& record : *answer) {
    auto text = joined_strings(record.data);
    if (!text) return fail(text.error());
    if (text->size() <= kDnsTextMax && records.size() < kDnsRecordsMax)
      records.push_back({std::move(*text), record.ttl});
  }
  if (records.empty()) return fail(Errc::kNotFound);
  return records;
}

}  // namespace warren::real
