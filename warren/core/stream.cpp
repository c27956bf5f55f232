#include "warren/core/stream.hpp"

#include "warren/base/error.hpp"
#include "warren/base/varint.hpp"
#include "warren/base/writer.hpp"

namespace warren {

namespace {

// A peer that announces much and sends little gets memory for what it sent, plus this.
constexpr std::size_t kReadStep = 64 * 1024;

// Up to here a message and its length go out as one piece; a larger one is not worth a copy.
constexpr std::size_t kOneWriteMax = 64 * 1024;

}  // namespace

Task<void> read_exactly(ByteStream& stream, MutableBytes to) {
  while (!to.empty()) {
    const std::size_t size = co_await stream.read_some(to);
    if (size == 0) throw_error(Errc::kEndOfStream);
    to = to.subspan(size);
  }
}

namespace {

// Reads one varint, a byte at a time, and nothing behind it; nothing when the stream ends before it begins.
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

}  // namespace

Task<std::optional<Bytes>> read_delimited_or_end(ByteStream& stream, std::size_t size_max) {
  const auto size = co_await read_varint_or_end(stream);
  if (!size) co_return std::nullopt;
  if (*size > size_max) throw_error(Errc::kTooLarge);
  Bytes message;
  while (message.size() < *size) {
    const std::size_t have = message.size();
    message.resize(std::min<std::size_t>(*size, have + kReadStep));
    co_await read_exactly(stream, MutableBytes(message).subspan(have));
  }
  co_return message;
}

Task<Bytes> read_delimited(ByteStream& stream, std::size_t size_max) {
  auto message = co_await read_delimited_or_end(stream, size_max);
  if (!message) throw_error(Errc::kEndOfStream);
  co_return std::move(*message);
}

Task<void> write_delimited(ByteStream& stream, BytesView message) {
  Writer writer;
  if (message.size() <= kOneWriteMax) {
    writer.delimited(message);
    co_await stream.write(writer.view());
  } else {
    writer.varint(message.size());
    co_await stream.write(writer.view());
    co_await stream.write(message);
  }
}

Task<Bytes> read_to_end(ByteStream& stream, std::size_t size_max) {
  Bytes bytes;
  while (true) {
    const std::size_t have = bytes.size();
    bytes.resize(std::min(size_max + 1, have + kReadStep));
    const std::size_t size = co_await stream.read_some(MutableBytes(bytes).subspan(have));
    bytes.resize(have + size);
    if (size == 0) co_return bytes;
    if (bytes.size() > size_max) throw_error(Errc::kTooLarge);
  }
}

}  // namespace warren
