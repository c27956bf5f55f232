// A secured pipe: what is written goes out in records of up to 16 KiB that only the other side can open.
#pragma once

#include "warren/core/secure_channel.hpp"
#include "warren/security/tls/handshake.hpp"

namespace warren::tls {

// One write() becomes records back to back in one write of the pipe (up to 128 KiB; more is cut), and one
// read of the pipe takes in whatever has arrived, up to the same size.
//
// Besides what ByteStream says, reading throws kHandshakeRefused when the responder did not like our
// certificate (the first read then), kDecryptFailed or kMalformed for a record that was changed, forged,
// repeated or moved, and kEndOfStream when the pipe ends and the peer has not said that nothing follows: who
// can cut the pipe cannot make it look like the end. The channel is reset then. A canceled write leaves the
// record it was in unfinished.
class Channel final : public SecureChannel {
 public:
  Channel(StreamPtr pipe, Session session);

  Task<std::size_t> read_some(MutableBytes to) override;
  Task<void> write(BytesView bytes) override;
  Task<void> close_write() override;
  void reset() override;

  const PeerId& remote_peer() const override { return session_.remote_peer; }
  const PublicKey& remote_key() const override { return session_.remote_key; }
  const std::optional<ProtocolId>& early_muxer() const override { return session_.muxer; }

 private:
  Task<void> read_end();
  [[noreturn]] void break_off(std::error_code reason);

  StreamPtr pipe_;
  Session session_;
  Records& records_;
  bool write_closed_ = false;
  bool read_ended_ = false;
  bool reset_ = false;
};

}  // namespace warren::tls
