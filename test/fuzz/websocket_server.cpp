// A WebSocket server against a client that sends anything. The first byte chooses: bit 0, whether the client
// begins with a good request, so that the rest is frames; the bits above, in what pieces it sends. Whatever
// comes, the server ends, has read nothing but what was in frames, and has answered with little more than was
// sent.

#include <algorithm>

#include "warren/async/as_result.hpp"
#include "warren/async/task_group.hpp"
#include "warren/base/assert.hpp"
#include "warren/sim/pipe.hpp"
#include "warren/sim/world.hpp"
#include "warren/transport/websocket/accepted_pipe.hpp"

namespace warren {
namespace {

const Bytes kRequest = to_bytes(
    "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n");

Task<void> send(ByteStream& pipe, BytesView bytes, std::size_t piece) {
  for (std::size_t at = 0; at < bytes.size(); at += piece)
    co_await pipe.write(bytes.subspan(at, std::min(piece, bytes.size() - at)));
  co_await pipe.close_write();
}

Task<void> send_all(ByteStream& pipe, Bytes bytes, std::size_t piece) {
  co_await as_result(send(pipe, bytes, piece));
}

Task<void> read_all(ByteStream& stream, std::size_t& size) {
  Bytes piece(300);
  while (const std::size_t count = co_await stream.read_some(piece)) size += count;
}

Task<void> serve(ByteStream& stream, std::size_t& size) {
  co_await as_result(read_all(stream, size));
  co_await as_result(stream.close_write());
}

Task<void> hear(ByteStream& pipe, std::size_t& size) {
  co_await as_result(read_all(pipe, size));
}

void run(bool good_request, std::size_t piece, BytesView input) {
  Bytes sent = good_request ? kRequest : Bytes();
  append(sent, input);

  sim::World world(1);
  sim::Machine& machine = world.add_machine("server");
  auto [theirs, ours] = sim::pipe(world.loop(), {.buffer = 1 << 20});
  websocket::AcceptedPipe server(std::move(ours), nullptr, BufferPool(), machine.env());
  std::size_t read = 0;
  std::size_t heard = 0;
  TaskGroup group(world.loop().executor(), "fuzz");
  group.spawn(send_all(*theirs, sent, piece));
  group.spawn(hear(*theirs, heard));
  group.spawn(serve(server, read));
  world.run(group.join());
  // A frame has a header of two bytes, and four of a mask.
  WARREN_ASSERT(read == 0 || read + 6 <= sent.size());
  WARREN_ASSERT(heard <= sent.size() + 500);
}

}  // namespace
}  // namespace warren

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0 || size > 60'000) return 0;
  const std::size_t piece = std::size_t{1} << (data[0] >> 4);
  warren::run((data[0] & 1) != 0, piece, warren::BytesView(data + 1, size - 1));
  return 0;
}
