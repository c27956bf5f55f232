#include "warren/protocols/pubsub/rpc_reader.hpp"

#include <algorithm>

#include "warren/base/varint.hpp"

namespace warren::pubsub {

std::optional<BytesView> RpcReader::take() {
  const BytesView here = BytesView(buffer_).subspan(read_, have_ - read_);
  needed_ = 0;
  if (here.empty()) return std::nullopt;
  const auto size = decode_varint(here);
  if (!size) {
    if (size.error() == Errc::kTruncated) return std::nullopt;
    throw_error(size.error(), "length");
  }
  if (size->value > size_max_) throw_error(Errc::kTooLarge, "length");
  if (here.size() - size->size < size->value) {
    needed_ = size->size + static_cast<std::size_t>(size->value);
    return std::nullopt;
  }
  read_ += size->size + static_cast<std::size_t>(size->value);
  return here.subspan(size->size, static_cast<std::size_t>(size->value));
}

// False, and nothing changes, when it would be more than there is for all.
bool RpcReader::resize(std::size_t size) {
  const auto beyond = [](std::size_t bytes) { return bytes > kBufferMax ? bytes - kBufferMax : 0; };
  const std::size_t before = beyond(buffer_.size());
  if (beyond(size) > before && !budget_.take(beyond(size) - before)) return false;
  if (beyond(size) < before) budget_.give(before - beyond(size));
  const bool shrinks = size < buffer_.size();
  buffer_.resize(size);
  if (shrinks) buffer_.shrink_to_fit();
  return true;
}

void RpcReader::make_room() {
  // A large RPC that comes in small pieces stays where it is.
  if (read_ > 0) {
    std::copy(buffer_.begin() + static_cast<std::ptrdiff_t>(read_),
              buffer_.begin() + static_cast<std::ptrdiff_t>(have_), buffer_.begin());
    have_ -= read_;
    read_ = 0;
  }
  const std::size_t size = buffer_.size();
  std::size_t wanted = std::max(size, kBufferMin);
  if (have_ == 0 && size > kBufferMax) {
    wanted = kBufferMax;
  } else if (have_ == 0 && size > kBufferMin && last_read_ < size / 4) {
    wanted = std::max(kBufferMin, size / 2);
  } else if (last_read_ > 0 && last_read_ >= size / 2 && size < kBufferMax) {
    wanted = 2 * size;
  }
  if (have_ == size && size > 0) wanted = std::max(wanted, std::min(2 * size, std::max(needed_, kBufferMax)));
  if (wanted != size && !resize(wanted)) throw_error(Errc::kLimitReached, "large RPCs");
}

Task<bool> RpcReader::fill() {
  make_room();
  last_read_ = co_await stream_.read_some(MutableBytes(buffer_).subspan(have_));
  have_ += last_read_;
  if (last_read_ > 0) co_return true;
  if (in_rpc()) throw_error(Errc::kEndOfStream);
  co_return false;
}

}  // namespace warren::pubsub
