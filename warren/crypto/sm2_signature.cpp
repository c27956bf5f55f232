// The encodings around a signature; the signing itself is in sm2.cpp.
#include <algorithm>

#include "warren/base/reader.hpp"
#include "warren/base/writer.hpp"
#include "warren/crypto/sm2.hpp"

namespace warren {
namespace {

constexpr std::uint8_t kSequence = 0x30;
constexpr std::uint8_t kInteger = 0x02;
constexpr std::size_t kNumberSize = 32;

// A positive number in as few bytes as possible; the top bit is the sign, so it may take a zero in front.
void write_integer(Writer& writer, BytesView number) {
  while (number.size() > 1 && number[0] == 0) number = number.subspan(1);
  const bool pad = number[0] >= 0x80;
  writer.u8(kInteger).u8(static_cast<std::uint8_t>(number.size() + (pad ? 1 : 0)));
  if (pad) writer.u8(0);
  writer.bytes(number);
}

void read_integer(Reader& reader, std::span<std::uint8_t, kNumberSize> number) {
  if (reader.u8() != kInteger) reader.fail(Errc::kMalformed);
  BytesView digits = reader.bytes(reader.u8());
  const bool negative = digits.empty() || digits[0] >= 0x80;
  const bool padded = digits.size() > 1 && digits[0] == 0;
  const bool needlessly = padded && digits[1] < 0x80;
  if (padded) digits = digits.subspan(1);
  if (negative || needlessly || digits.size() > number.size()) {
    reader.fail(Errc::kMalformed);
    return;
  }
  std::ranges::copy(digits, number.end() - static_cast<std::ptrdiff_t>(digits.size()));
}

}  // namespace

Bytes sm2_signature_to_der(const Sm2Signature& signature) {
  Writer numbers;
  write_integer(numbers, BytesView(signature).first(kNumberSize));
  write_integer(numbers, BytesView(signature).last(kNumberSize));
  const Bytes& content = numbers.view();  // at most 70 bytes, so that one byte says its length
  return Writer().u8(kSequence).u8(static_cast<std::uint8_t>(content.size())).bytes(content).take();
}

Result<Sm2Signature> sm2_signature_from_der(BytesView der) {
  Sm2Signature signature{};
  Reader reader(der);
  if (reader.u8() != kSequence || reader.u8() != reader.remaining()) reader.fail(Errc::kMalformed);
  const auto numbers = std::span(signature);
  read_integer(reader, numbers.first<kNumberSize>());
  read_integer(reader, numbers.last<kNumberSize>());
  if (!reader.finish()) return fail(Errc::kMalformed);
  return signature;
}

Bytes with_domain(std::string_view domain, BytesView message) {
  return Writer().delimited(as_bytes(domain)).bytes(message).take();
}

}  // namespace warren
