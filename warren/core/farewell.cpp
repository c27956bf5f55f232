#include "warren/core/farewell.hpp"

#include <tuple>

#include "warren/async/as_result.hpp"

namespace warren {
namespace {

constexpr Duration kFarewellTimeout = std::chrono::seconds(10);
// A peer that was refused may still be writing; this much of it is thrown away for good manners.
constexpr std::size_t kIgnoredMax = 1024 * 1024;
// For strangers.
constexpr Duration kLastWordsTimeout = std::chrono::milliseconds(300);
constexpr std::size_t kIgnoredOfStrangersMax = 64 * 1024;

Task<void> ignore_rest(ByteStream& stream, std::size_t most) {
  Bytes ignored(4 * 1024);
  for (std::size_t total = 0; total < most;) {
    const std::size_t size = co_await stream.read_some(ignored);
    if (size == 0) break;
    total += size;
  }
}

Task<void> say_and_listen(ByteStream& pipe, Bytes words) {
  co_await pipe.write(words);
  co_await pipe.close_write();
  co_await ignore_rest(pipe, kIgnoredOfStrangersMax);
}

}  // namespace

Task<void> say_farewell(Clock& clock, ByteStream& stream) {
  co_await stream.close_write();
  const auto ended =
      co_await as_result(with_timeout(clock, kFarewellTimeout, ignore_rest(stream, kIgnoredMax)));
  std::ignore = ended;
}

Task<void> say_last(Clock& clock, ByteStream& pipe, Bytes words) {
  const auto said =
      co_await as_result(with_timeout(clock, kLastWordsTimeout, say_and_listen(pipe, std::move(words))));
  std::ignore = said;
}

}  // namespace warren
