// A secured pipe: what is written goes out in records of up to 16 KiB that only the other side can open.
#pragma once

#include "warren/core/secure_channel.hpp"
#include "warren/security/tls/handshake.hpp"
#include "warren/security/tls/record_pipe.hpp"

namespace warren::tls {

// As RecordPipe says. Besides, reading throws kHandshakeRefused when the responder did not like our
// certificate (the first read then), kDecryptFailed or kMalformed for a record that was changed, forged,
// repeated or moved.
class Channel final : public SecureChannel {
 public:
  Channel(StreamPtr pipe, Session session)
      : remote_key_(std::move(session.remote_key)),
        remote_peer_(std::move(session.remote_peer)),
        muxer_(std::move(session.muxer)),
        pipe_(std::move(pipe), std::move(session.records)) {}

  Task<std::size_t> read_some(MutableBytes to) override { return pipe_.read_some(to); }
  Task<void> write(BytesView bytes) override { return pipe_.write(bytes); }
  Task<void> close_write() override { return pipe_.close_write(); }
  void reset() override { pipe_.reset(); }

  const PeerId& remote_peer() const override { return remote_peer_; }
  const PublicKey& remote_key() const override { return remote_key_; }
  const std::optional<ProtocolId>& early_muxer() const override { return muxer_; }

 private:
  PublicKey remote_key_;
  PeerId remote_peer_;
  std::optional<ProtocolId> muxer_;
  RecordPipe pipe_;
};

}  // namespace warren::tls
