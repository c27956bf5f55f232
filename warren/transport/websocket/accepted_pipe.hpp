// The server's end of a connection that has just been accepted. Its handshakes (TLS, then HTTP) take place
// when it is first read from or written to: until then a stranger costs nothing but a socket, and the time
// and place that they take are those which the owner gives to strangers.
#pragma once

#include <functional>
#include <optional>

#include "warren/env/env.hpp"
#include "warren/security/tls/web.hpp"
#include "warren/transport/websocket/stream.hpp"

namespace warren::websocket {

// As WebsocketStream. Who comes first, besides, throws what answer_websocket() and WebPipe::shake_hands() do;
// the pipe is reset then, and when it is canceled in the handshake.
class AcceptedPipe final : public ByteStream {
 public:
  // With `tls`, which outlives the pipe's handshake, the client must speak that first. `env` outlives the
  // pipe.
  AcceptedPipe(StreamPtr pipe, tls::WebServer* tls, BufferPool pool, Env& env);

  Task<std::size_t> read_some(MutableBytes to) override;
  Task<void> write(BytesView bytes) override;
  Task<void> close_write() override;
  void reset() override;

 private:
  Task<std::size_t> read_first(MutableBytes to);
  Task<void> write_first(BytesView bytes);
  Task<void> open_and_close_write();
  Task<void> open();
  Task<void> shake_hands();

  StreamPtr pipe_;  // until it is open
  tls::WebServer* tls_;
  BufferPool pool_;
  Env& env_;
  bool opening_ = false;
  bool reset_ = false;
  Event changed_;
  std::optional<WebsocketStream> stream_;
};

}  // namespace warren::websocket
