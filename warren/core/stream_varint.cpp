#include "warren/core/stream_varint.hpp"

#include "warren/base/error.hpp"
#include "warren/base/varint.hpp"

namespace warren {

Task<std::optional<std::uint64_t>> read_varint_or_end(ByteStream& stream) {
  std::array<std::uint8_t, kVarintSizeMax> bytes;
  for (std::size_t size = 1; size <= bytes.size(); ++size) {
    const std::size_t read = co_await stream.read_some(MutableBytes(bytes).subspan(size - 1, 1));
    if (read == 0 && size == 1) co_return std::nullopt;
    if (read == 0) throw_error(Errc::kEndOfStream);
    if (bytes[size - 1] & 0x80 && size < bytes.size()) continue;
    const auto varint = decode_varint(BytesView(bytes).first(size));
    co_return value_or_throw(varint, "length").value;
  }
  throw_error(Errc::kTooLarge, "length");
}

Task<std::uint64_t> read_varint(ByteStream& stream) {
  const auto value = co_await read_varint_or_end(stream);
  if (!value) throw_error(Errc::kEndOfStream);
  co_return *value;
}

}  // namespace warren
