#include "warren/security/tls/handshake.hpp"

#include <tuple>

#include "warren/async/as_result.hpp"
#include "warren/base/assert.hpp"

namespace warren::tls {

namespace {

// So that an alert is read: a pipe that is reset behind it may lose it. The other side ends at once when it
// has read it; who does not is not waited for.
constexpr Duration kFarewellMax = 300ms;
constexpr std::size_t kIgnoredMax = 64 * 1024;

Task<void> send(ByteStream& pipe, Records& records) {
  auto outgoing = records.take();
  if (outgoing.size > 0) co_await pipe.write(outgoing.bytes());
}

Task<void> tell_and_end(ByteStream& pipe, Records::Outgoing alert) {
  co_await pipe.write(alert.bytes());
  co_await pipe.close_write();
  Bytes ignored(4 * 1024);
  for (std::size_t total = 0; total < kIgnoredMax;) {
    const std::size_t size = co_await pipe.read_some(ignored);
    if (size == 0) break;
    total += size;
  }
}

Task<void> converse(ByteStream& pipe, Records& records, const Negotiation& negotiation, Clock& clock) {
  std::size_t received = 0;
  while (true) {
    const auto done = records.shake_hands();
    if (!done) {
      if (auto alert = records.take(); alert.size > 0) {
        const auto told =
            co_await as_result(with_timeout(clock, kFarewellMax, tell_and_end(pipe, std::move(alert))));
        std::ignore = told;
      }
      throw_error(negotiation.verdict ? negotiation.verdict : done.error(), "TLS handshake");
    }
    co_await send(pipe, records);
    if (*done) co_return;
    if (received > kHandshakeSizeMax) throw_error(Errc::kTooLarge, "TLS handshake");
    const std::size_t size = co_await pipe.read_some(records.space());
    if (size == 0) throw_error(Errc::kEndOfStream, "TLS handshake");
    records.add(size);
    received += size;
  }
}

}  // namespace

Task<Session> handshake(ByteStream& pipe, Side side, Context& context, std::optional<PeerId> expected,
                        std::vector<ProtocolId> muxers, BufferPool pool, Clock& clock) {
  Negotiation negotiation{std::move(expected), std::move(muxers), clock.wall_now(), {}, {}, {}, {}};
  auto records = std::make_unique<Records>(context.connect(side, &negotiation), std::move(pool));
  co_await converse(pipe, *records, negotiation, clock);
  WARREN_ASSERT(negotiation.remote_key);  // OpenSSL has asked whether the peer is the right one
  auto muxer = value_or_throw(conclude(records->ssl()), "ALPN");
  co_return Session{std::move(*negotiation.remote_key), std::move(negotiation.remote_peer), std::move(muxer),
                    std::move(records)};
}

}  // namespace warren::tls
