#include "warren/env/stream_end.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "warren/base/assert.hpp"

namespace warren {

StreamEnd::StreamEnd(std::size_t window, std::function<void(Segment)> send)
    : send_(std::move(send)), credit_(window) {
  WARREN_ASSERT(window > 0);
}

void StreamEnd::check() const {
  if (broken_) throw_error(Errc::kReset);
}

Task<std::size_t> StreamEnd::read_some(MutableBytes to) {
  WARREN_ASSERT(!to.empty());
  while (received_.empty() && !peer_ended_ && !broken_) co_await changed_.wait();
  check();
  if (received_.empty()) co_return 0;

  const BytesView first = BytesView(received_.front()).subspan(read_);
  const std::size_t count = std::min(first.size(), to.size());
  // libstdc++ 12's std::ranges::copy goes byte by byte when the source is constant.
  std::memcpy(to.data(), first.data(), count);
  read_ += count;
  if (count == first.size()) {
    received_.pop_front();
    read_ = 0;
  }
  if (!peer_ended_) send_({.kind = Segment::Kind::kCredit, .credit = count});
  co_return count;
}

Task<void> StreamEnd::write(BytesView bytes) {
  check();
  if (ended_) throw_error(Errc::kClosed);
  while (!bytes.empty()) {
    while (credit_ == 0 && !ended_ && !broken_) co_await changed_.wait();
    check();
    if (ended_) throw_error(Errc::kClosed);
    const BytesView part = bytes.first(std::min(credit_, bytes.size()));
    credit_ -= part.size();
    send_({.kind = Segment::Kind::kBytes, .bytes = to_bytes(part)});
    bytes = bytes.subspan(part.size());
  }
}

void StreamEnd::close_write() {
  check();
  if (std::exchange(ended_, true)) return;
  changed_.notify_all();
  send_({.kind = Segment::Kind::kEnd});
}

void StreamEnd::reset() {
  if (broken_) return;
  const bool tell = !(ended_ && peer_ended_);
  receive({.kind = Segment::Kind::kReset});
  if (tell) send_({.kind = Segment::Kind::kReset});
}

void StreamEnd::receive(Segment segment) {
  if (broken_) return;
  switch (segment.kind) {
    case Segment::Kind::kBytes: received_.push_back(std::move(segment.bytes)); break;
    case Segment::Kind::kEnd: peer_ended_ = true; break;
    case Segment::Kind::kCredit: credit_ += segment.credit; break;
    case Segment::Kind::kReset:
      broken_ = true;
      received_.clear();
      break;
    default: return;
  }
  changed_.notify_all();
}

}  // namespace warren
