#include "warren/protocols/relay/splice.hpp"

#include <algorithm>

#include "warren/async/race.hpp"
#include "warren/base/error.hpp"

namespace warren::relay {

namespace {

std::uint64_t limit_of(std::uint64_t bytes_max) {
  return bytes_max == 0 ? std::numeric_limits<std::uint64_t>::max() : bytes_max;
}

// Of those that may carry a large buffer.
class LargePlace {
 public:
  explicit LargePlace(SpliceBuffers& buffers) : buffers_(buffers), taken_(buffers.take_place()) {}
  ~LargePlace() {
    if (taken_) buffers_.give_place();
  }
  LargePlace(const LargePlace&) = delete;
  LargePlace& operator=(const LargePlace&) = delete;
  explicit operator bool() const { return taken_; }

 private:
  SpliceBuffers& buffers_;
  bool taken_;
};

}  // namespace

Splice::Splice(ByteStream& one, ByteStream& other, std::uint64_t bytes_max, SpliceBuffers& buffers,
               std::uint64_t& carried)
    : buffers_(buffers),
      carried_(carried),
      there_{.from = one, .to = other, .left = limit_of(bytes_max), .quiet = {}, .small = {}},
      back_{.from = other, .to = one, .left = limit_of(bytes_max), .quiet = {}, .small = {}} {}

Splice::~Splice() = default;

Task<void> Splice::run() {
  co_await race(forward(there_), forward(back_));
}

void Splice::sweep() {
  for (Direction* way : {&there_, &back_}) {
    if (way->reading && !way->moved) way->quiet.notify_all();
    way->moved = false;
  }
}

// The first direction to return has waited for the other one; the first to throw ends both.
Task<void> Splice::forward(Direction& way) {
  while (!way.ended) {
    if (way.wants_large) co_await forward_with_large(way);
    way.wants_large = false;
    way.gives_back = false;
    if (!way.ended) co_await carry(way, way.small);
  }
  co_await way.to.close_write();
  ++halves_ended_;
  half_ended_.notify_all();
  while (halves_ended_ < 2) co_await half_ended_.wait();
}

Task<void> Splice::forward_with_large(Direction& way) {
  const LargePlace place(buffers_);
  if (!place) co_return;
  Buffer buffer = buffers_.buffer();
  do {
    way.gives_back = false;
    co_await race(carry(way, buffer.bytes()), until_quiet(way));
  } while (way.pending > 0);
}

// Ends a read, of which nothing is lost, but never a write: a read that is done before the cancellation gets
// there has left its bytes pending.
Task<void> Splice::until_quiet(Direction& way) {
  do {
    co_await way.quiet.wait();
  } while (!way.reading);
  way.gives_back = true;
}

// Until the half has ended; with the small buffer, until it is too small; with the large one, until sweep()
// takes it. No co_await stands between a read and the taking note of it.
Task<void> Splice::carry(Direction& way, MutableBytes buffer) {
  way.reading = false;
  while (true) {
    if (way.pending == 0) {
      // At the limit, one byte more shows whether this is the end.
      const std::uint64_t room = std::max<std::uint64_t>(way.left, 1);
      way.reading = true;
      way.pending = co_await way.from.read_some(buffer.first(std::min<std::uint64_t>(buffer.size(), room)));
      way.reading = false;
      way.ended = way.pending == 0;
    }
    if (way.ended || way.gives_back) co_return;
    if (way.pending > way.left) throw_error(Errc::kLimitReached, "bytes of a circuit");
    co_await way.to.write(buffer.first(way.pending));
    way.left -= way.pending;
    carried_ += way.pending;
    way.moved = true;
    way.wants_large = way.pending == way.small.size() && buffer.data() == way.small.data();
    way.pending = 0;
    if (way.wants_large && buffers_.lent() < kLargeBuffersMax) co_return;
  }
}

}  // namespace warren::relay
