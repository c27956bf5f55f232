#include "warren/core/farewell.hpp"

#include <tuple>

#include "warren/async/as_result.hpp"

namespace warren {
namespace {

constexpr Duration kFarewellTimeout = std::chrono::seconds(10);
// A peer that was refused may still be writing; this much of it is thrown away for good manners.
constexpr std::size_t kIgnoredMax = 1024 * 1024;

Task<void> ignore_rest(ByteStream& stream) {
  Bytes ignored(16 * 1024);
  for (std::size_t total = 0; total < kIgnoredMax;) {
    const std::size_t size = co_await stream.read_some(ignored);
    if (size == 0) break;
    total += size;
  }
}

}  // namespace

Task<void> say_farewell(Clock& clock, ByteStream& stream) {
  co_await stream.close_write();
  const auto ended = co_await as_result(with_timeout(clock, kFarewellTimeout, ignore_rest(stream)));
  std::ignore = ended;
}

}  // namespace warren
