#include "warren/core/stream.hpp"

#include "warren/base/error.hpp"
#include "warren/base/writer.hpp"
#include "warren/core/stream_varint.hpp"

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
