// multistream-select, all three roles: the first byte chooses one, the rest is what the peer says. Whoever
// agrees does so on a protocol that both know, and has not read a byte behind the agreement.

#include "warren/negotiation/multistream.hpp"
#include "warren/async/as_result.hpp"
#include "warren/base/assert.hpp"
#include "warren/sim/pipe.hpp"

namespace warren {
namespace {

constexpr std::size_t kInputMax = 100'000;

std::vector<ProtocolId> known() {
  return {"/ping/1", "/echo/1"};
}

bool is_known(const ProtocolId& protocol) {
  return protocol == known()[0] || protocol == known()[1];
}

Task<Bytes> first_byte(ByteStream& stream) {
  Bytes byte(1);
  byte.resize(co_await stream.read_some(byte));
  co_return byte;
}

// The bytes that were not read are the last ones of the input, and the agreement stands right before them.
Task<void> check_rest(ByteStream& stream, BytesView input, ProtocolId agreed) {
  const Bytes rest = co_await read_to_end(stream, kInputMax);
  WARREN_ASSERT(rest.size() <= input.size());
  WARREN_ASSERT(equal(rest, input.last(rest.size())));
  const Bytes agreement = multistream::encode(agreed);
  const BytesView before = input.first(input.size() - rest.size());
  // A varint may not be spelled otherwise, so these are the bytes.
  WARREN_ASSERT(before.size() >= agreement.size());
  WARREN_ASSERT(equal(before.last(agreement.size()), agreement));
}

Task<void> negotiate(StreamPtr stream, std::uint8_t role, BytesView input) {
  if (role % 4 == 0) {
    const ProtocolId agreed = co_await multistream::respond(*stream, known());
    WARREN_ASSERT(is_known(agreed));
    co_await check_rest(*stream, input, agreed);
  } else if (role % 4 == 1) {
    const ProtocolId agreed = co_await multistream::respond(*stream, is_known);
    WARREN_ASSERT(is_known(agreed));
    co_await check_rest(*stream, input, agreed);
  } else if (role % 4 == 2) {
    const ProtocolId agreed = co_await multistream::propose(*stream, known());
    WARREN_ASSERT(is_known(agreed));
    co_await check_rest(*stream, input, agreed);
  } else {
    const StreamPtr proposed = multistream::propose_optimistically(std::move(stream), "/ping/1");
    Bytes read = co_await first_byte(*proposed);
    const Bytes rest = co_await read_to_end(*proposed, kInputMax);
    append(read, rest);
    Bytes expected = multistream::encode(multistream::kHeader);
    append(expected, multistream::encode("/ping/1"));
    append(expected, read);
    WARREN_ASSERT(equal(expected, input));
  }
}

Task<void> run(sim::Loop& loop, std::uint8_t role, Bytes input) {
  auto [ours, peer] = sim::pipe(loop, {.read_max = 1 + role / std::size_t{4}, .buffer = 1 << 20});
  co_await peer->write(input);
  co_await peer->close_write();
  const auto ended = co_await as_result(negotiate(std::move(ours), role, input));
  (void)ended;
}

}  // namespace
}  // namespace warren

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0 || size > warren::kInputMax) return 0;
  warren::sim::Loop loop;
  loop.run(warren::run(loop, data[0], warren::to_bytes(warren::BytesView(data + 1, size - 1))));
  return 0;
}
