#include "warren/protocols/kad/frame_reader.hpp"

#include <algorithm>

#include "warren/base/varint.hpp"

namespace warren::kad {

namespace {

// Room for a dozen questions; most streams bring one at a time. A large message gets memory for what has come
// of it, and as much again.
constexpr std::size_t kBufferSize = 512;

}  // namespace

std::optional<BytesView> FrameReader::take() {
  const BytesView here = BytesView(buffer_).subspan(read_, have_ - read_);
  const auto size = decode_varint(here);
  if (!size) {
    if (size.error() == Errc::kTruncated) return std::nullopt;
    throw_error(size.error(), "length");
  }
  if (size->value > size_max_) throw_error(Errc::kTooLarge, "length");
  if (here.size() - size->size < size->value) return std::nullopt;
  read_ += size->size + size->value;
  return here.subspan(size->size, size->value);
}

Task<bool> FrameReader::fill() {
  std::copy(buffer_.begin() + static_cast<std::ptrdiff_t>(read_),
            buffer_.begin() + static_cast<std::ptrdiff_t>(have_), buffer_.begin());
  have_ -= read_;
  read_ = 0;
  if (have_ == 0) {
    buffer_.resize(kBufferSize);
    buffer_.shrink_to_fit();
  } else if (have_ == buffer_.size()) {
    buffer_.resize(2 * have_);
  }
  const std::size_t size = co_await stream_.read_some(MutableBytes(buffer_).subspan(have_));
  have_ += size;
  if (size > 0) co_return true;
  if (in_message()) throw_error(Errc::kEndOfStream);
  co_return false;
}

}  // namespace warren::kad
