#include "warren/protocols/kad/frame_reader.hpp"

#include <doctest/doctest.h>

#include "warren/async/cancellation.hpp"
#include "warren/async/task_group.hpp"
#include "warren/sim/for_each_failure.hpp"
#include "warren/sim/pipe.hpp"

using namespace warren;
using namespace warren::kad;

namespace {

const std::vector<std::size_t> kSizes = {0, 1, 200, 511, 512, 513, 20'000, 3};

Task<void> write_all(ByteStream& stream) {
  for (const std::size_t size : kSizes) {
    const Bytes message(size, static_cast<std::uint8_t>(size));
    co_await write_delimited(stream, message);
  }
  co_await stream.close_write();
}

Task<void> read_all(ByteStream& stream) {
  FrameReader reader(stream, 20'000);
  std::vector<std::size_t> sizes;
  for (bool more = true; more;) {
    while (const auto message = reader.take()) sizes.push_back(message->size());
    more = co_await reader.fill();
  }
  if (sizes != kSizes) throw_error(Errc::kMalformed);
}

Task<void> exchange(sim::Loop& loop, sim::Faults& faults) {
  auto [left, right] = sim::pipe(loop, {.read_max = 700, .faults = &faults});
  TaskGroup writer(loop.executor(), "writer");
  writer.spawn(write_all(*left));
  co_await finally(read_all(*right), writer.close());
}

}  // namespace

TEST_CASE("messages of all sizes come out as they went in, and an interruption is an error") {
  CHECK(sim::for_each_failure(exchange) > 20);
}
