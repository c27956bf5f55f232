// TLS over a pipe, whoever the two sides are to each other: the handshake, then a stream in records.
#pragma once

#include "warren/core/stream.hpp"
#include "warren/env/clock.hpp"
#include "warren/security/tls/records.hpp"

namespace warren::tls {

// Goes through the handshake with the other end of `pipe`. `verdict`, when set while OpenSSL asks who the
// other side is, says why it was not liked and is thrown. Throws besides what Records::shake_hands() returns,
// kTooLarge when more than `received_max` bytes come before the handshake is done, kEndOfStream or kReset
// when the pipe ends. The other side has been told why, as far as TLS has words for it. Leaves the pipe as it
// is then: the caller resets it.
Task<void> shake_hands(ByteStream& pipe, Records& records, const std::error_code& verdict,
                       std::size_t received_max, Clock& clock);

// After the handshake. One write() becomes records back to back in one write of the pipe (up to 128 KiB; more
// is cut), and one read of the pipe takes in whatever has arrived, up to the same size.
//
// Besides what ByteStream says, reading throws what Records::read() returns, and kEndOfStream when the pipe
// ends and the peer has not said that nothing follows: who can cut the pipe cannot make it look like the end.
// The pipe is reset then. A canceled write leaves the record it was in unfinished.
class RecordPipe final : public ByteStream {
 public:
  RecordPipe(StreamPtr pipe, std::unique_ptr<Records> records)
      : pipe_(std::move(pipe)), records_(std::move(records)) {}

  Task<std::size_t> read_some(MutableBytes to) override;
  Task<void> write(BytesView bytes) override;
  Task<void> close_write() override;
  void reset() override;

  // For the handshake, before anything else.
  ByteStream& pipe() { return *pipe_; }
  Records& records() { return *records_; }

 private:
  Task<void> read_end();
  [[noreturn]] void break_off(std::error_code reason);

  StreamPtr pipe_;
  std::unique_ptr<Records> records_;
  bool write_closed_ = false;
  bool read_ended_ = false;
  bool reset_ = false;
};

}  // namespace warren::tls
