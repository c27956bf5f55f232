#include "test/interop/echo.hpp"

#include "warren/async/as_result.hpp"
#include "warren/async/cancellation.hpp"
#include "warren/async/event.hpp"
#include "warren/async/task_group.hpp"
#include "warren/sim/random.hpp"

namespace warren::interop {

namespace {

constexpr Duration kIdleMax = 60s;
constexpr std::size_t kChunk = 64 * 1024;
// What has to come back on all streams before any of them is closed.
constexpr std::size_t kFirstBytes = 1024;
constexpr std::uint64_t kEchoStreamsMax = 512;
constexpr std::uint64_t kEchoBytesMax = std::uint64_t{1} << 30;

Task<void> answer(Clock* clock, StreamPtr stream) {
  Bytes buffer(kChunk);
  for (;;) {
    const std::size_t count = co_await with_timeout(*clock, kIdleMax, stream->read_some(buffer));
    if (count == 0) break;
    co_await with_timeout(*clock, kIdleMax, stream->write(BytesView(buffer).first(count)));
  }
  co_await stream->close_write();
}

// The random bytes of one stream, chunk after chunk, the same for who sends and who checks.
class Payload {
 public:
  Payload(std::uint64_t seed, std::uint64_t size) : random_(seed), left_(size) {}

  // Empty at the end.
  BytesView next() {
    chunk_.resize(std::min<std::uint64_t>(left_, kChunk));
    random_.fill(chunk_);
    left_ -= chunk_.size();
    return chunk_;
  }

 private:
  sim::SeededRandom random_;
  std::uint64_t left_;
  Bytes chunk_;
};

// What the streams of one echo() share.
struct Exchange {
  Connection& connection;
  std::uint64_t bytes;
  std::size_t waiting;  // streams whose first bytes are not back
  std::size_t running;  // senders and checkers
  std::error_code failure;
  Event changed;
};

Task<void> send(Exchange& exchange, std::shared_ptr<ByteStream> stream, Payload payload) {
  for (BytesView chunk = payload.next(); !chunk.empty(); chunk = payload.next())
    co_await stream->write(chunk);
  while (exchange.waiting > 0) co_await exchange.changed.wait();
  co_await stream->close_write();
}

Task<void> expect(ByteStream& stream, BytesView wanted) {
  Bytes got(wanted.size());
  co_await read_exactly(stream, got);
  if (!equal(got, wanted)) throw_error(Errc::kMalformed, "other bytes came back");
}

Task<void> check(Exchange& exchange, std::shared_ptr<ByteStream> stream, Payload payload) {
  BytesView chunk = payload.next();
  const std::size_t first = std::min(chunk.size(), kFirstBytes);
  co_await expect(*stream, chunk.first(first));
  --exchange.waiting;
  exchange.changed.notify_all();

  // All go on to be read: streams of QUIC share the connection's window.
  for (chunk = chunk.subspan(first); !chunk.empty(); chunk = payload.next()) co_await expect(*stream, chunk);
  Bytes more(1);
  const std::size_t count = co_await stream->read_some(more);
  if (count != 0) throw_error(Errc::kMalformed, "more came back than was sent");
}

Task<void> note_end(Exchange& exchange, Task<void> task) {
  const auto ended = co_await as_result(std::move(task));
  if (!ended && !exchange.failure) exchange.failure = ended.error();
  --exchange.running;
  exchange.changed.notify_all();
}

Task<void> run(Exchange& exchange, TaskGroup& tasks, std::size_t streams) {
  for (std::size_t i = 0; i < streams; ++i) {
    std::shared_ptr<ByteStream> stream = co_await exchange.connection.open_stream(ProtocolId(kEchoProtocol));
    const Payload payload(i, exchange.bytes);
    tasks.spawn(note_end(exchange, send(exchange, stream, payload)));
    tasks.spawn(note_end(exchange, check(exchange, stream, payload)));
  }
  while (exchange.running > 0 && !exchange.failure) co_await exchange.changed.wait();
  if (exchange.failure) throw_error(exchange.failure);
}

}  // namespace

void serve_echo(Host& host) {
  Clock* clock = &host.env().clock;
  host.handle(ProtocolId(kEchoProtocol),
              [clock](ConnectionPtr, StreamPtr stream) { return answer(clock, std::move(stream)); });
}

Task<void> echo(Env& env, ConnectionPtr connection, std::size_t streams, std::uint64_t bytes) {
  Exchange exchange{.connection = *connection,
                    .bytes = bytes,
                    .waiting = streams,
                    .running = 2 * streams,
                    .failure = {},
                    .changed = {}};
  TaskGroup tasks(env.executor, "echo");
  co_await finally(run(exchange, tasks, streams), tasks.close());
}

Task<Json> echo_event(Env& env, ConnectionPtr connection, std::uint64_t streams, std::uint64_t bytes) {
  if (streams > kEchoStreamsMax || bytes > kEchoBytesMax) throw_error(Errc::kTooLarge);
  const Instant start = env.clock.now();
  const std::string peer = connection->remote_peer().to_string();
  co_await echo(env, std::move(connection), streams, bytes);
  co_return Json{{"event", "echo"}, {"peer_id", peer}, {"streams", streams},
                 {"bytes", bytes},  {"ok", true},      {"ms", milliseconds(env.clock.now() - start)}};
}

}  // namespace warren::interop
