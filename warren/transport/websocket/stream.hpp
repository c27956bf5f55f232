// A WebSocket as a stream of bytes, from where the opening handshake has ended.
// https://www.rfc-editor.org/rfc/rfc6455
#pragma once

#include "warren/async/event.hpp"
#include "warren/base/buffer_pool.hpp"
#include "warren/base/token_bucket.hpp"
#include "warren/core/secure_channel.hpp"
#include "warren/core/stream.hpp"
#include "warren/env/clock.hpp"
#include "warren/env/random.hpp"
#include "warren/transport/websocket/frame.hpp"

namespace warren::websocket {

// Each write() is one binary message of one frame; what is read goes from the pipe to the caller's memory
// and is unmasked there, so that an idle stream holds no buffer. Pings are answered, the latest at least.
//
// close_write() sends our close frame. The peer's reads as the end; the pipe's own half ends when both are
// there. RFC 6455 lets a peer that has our close frame throw away what we have not read, and many do.
//
// Reading throws, besides what ByteStream says, kMalformed, kUnsupported and kTooLarge as FrameReader::read()
// returns, kLimitReached for a flood of frames without content, kEndOfStream when the pipe ends without a
// close frame, and kReset when that frame says that something went wrong. The peer is told why with a close
// frame; the pipe is reset then.
class WebsocketStream final : public ByteStream {
 public:
  // `side` is ours: the initiator is the client. `early` came behind the handshake. What is given by
  // reference outlives the stream.
  WebsocketStream(StreamPtr pipe, Side side, Bytes early, BufferPool pool, Clock& clock, Random& random);

  Task<std::size_t> read_some(MutableBytes to) override;
  Task<void> write(BytesView bytes) override;
  Task<void> close_write() override;
  void reset() override;

 private:
  struct Turn;  // to write to the pipe

  Task<std::size_t> read_pipe(MutableBytes to);
  Task<std::size_t> read_early(MutableBytes to);
  Task<void> read_end();
  Task<void> end_pipe();
  Task<void> wait_to_write();
  Task<void> write_frame(BytesView payload);
  Task<void> write_pong();
  Bytes control_frame(Opcode opcode, BytesView payload);
  std::optional<Mask> next_mask();
  Task<void> fail_with(std::error_code reason);

  StreamPtr pipe_;
  const Side side_;
  Bytes early_;
  BufferPool pool_;
  Clock& clock_;
  Random& random_;
  FrameReader frames_;
  TokenBucket idle_frames_;
  bool writing_ = false;
  Event written_;
  bool write_closed_ = false;  // write() and close_write() are over
  bool close_sent_ = false;
  bool pipe_ended_ = false;
  bool reset_ = false;
};

}  // namespace warren::websocket
