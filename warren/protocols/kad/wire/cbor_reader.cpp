#include "warren/protocols/kad/wire/cbor_reader.hpp"

namespace warren::kad {
namespace {

// Major types, RFC 8949 section 3.1.
constexpr std::uint8_t kUnsigned = 0;
constexpr std::uint8_t kNegative = 1;
constexpr std::uint8_t kBytes = 2;
constexpr std::uint8_t kText = 3;
constexpr std::uint8_t kArray = 4;
constexpr std::uint8_t kMap = 5;
constexpr std::uint8_t kTag = 6;

constexpr std::uint64_t kLinkTag = 42;
constexpr std::uint8_t kFalse = 20;
constexpr std::uint8_t kNull = 22;
constexpr std::uint8_t kDouble = 27;

}  // namespace

CborReader::Head CborReader::head() {
  const std::uint8_t first = reader_.u8();
  Head head{.major = static_cast<std::uint8_t>(first >> 5), .info = static_cast<std::uint8_t>(first & 31)};
  std::uint64_t least = 0;  // that needs so many bytes
  switch (head.info) {
    case 24: head.value = reader_.u8(), least = 24; break;
    case 25: head.value = reader_.u16(), least = 0x100; break;
    case 26: head.value = reader_.u32(), least = 0x1'0000; break;
    case 27: head.value = reader_.u64(), least = 0x1'0000'0000; break;
    case 28:
    case 29:
    case 30:
    case 31: reader_.fail(Errc::kMalformed); break;  // reserved, and indefinite lengths
    default: head.value = head.info;
  }
  const bool is_simple = head.major == 7;  // there the value is no number
  if (reader_.ok() && head.value < least && !is_simple) reader_.fail(Errc::kNotMinimal);
  return reader_.ok() ? head : Head{};
}

std::uint64_t CborReader::value_of(std::uint8_t major) {
  const Head read = head();
  if (read.major != major) reader_.fail(Errc::kMalformed);
  return reader_.ok() ? read.value : 0;
}

std::uint64_t CborReader::number() {
  return value_of(kUnsigned);
}

BytesView CborReader::bytes() {
  return reader_.bytes(value_of(kBytes));
}

std::string_view CborReader::text() {
  return as_text(reader_.bytes(value_of(kText)));
}

std::uint64_t CborReader::map() {
  const std::uint64_t pairs = value_of(kMap);
  if (pairs <= reader_.remaining() / 2) return pairs;
  reader_.fail(Errc::kTruncated);
  return 0;
}

void CborReader::skip(int depth) {
  if (depth == 0) return reader_.fail(Errc::kTooLarge);
  const Head read = head();
  if (!reader_.ok()) return;
  switch (read.major) {
    case kUnsigned:
    case kNegative: return;
    case kBytes:
    case kText: reader_.bytes(read.value); return;
    case kTag:
      if (read.value != kLinkTag) return reader_.fail(Errc::kMalformed);
      return skip(depth - 1);
    case kArray:
    case kMap: {
      const std::uint64_t each = read.major == kMap ? 2 : 1;
      if (read.value > reader_.remaining() / each) return reader_.fail(Errc::kTruncated);
      for (std::uint64_t i = 0; i < read.value * each && reader_.ok(); ++i) skip(depth - 1);
      return;
    }
    default:
      if (read.info != kDouble && (read.info < kFalse || read.info > kNull)) reader_.fail(Errc::kMalformed);
  }
}

}  // namespace warren::kad
