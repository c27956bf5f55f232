// A secured pipe: what is written goes out in records of up to 64 KiB that only the other side can open.
#pragma once

#include "warren/core/secure_channel.hpp"
#include "warren/security/noise/handshake.hpp"
#include "warren/security/noise/records.hpp"

namespace warren::noise {

// One write() becomes records back to back in one write of the pipe (up to 128 KiB; more is cut), and one
// read of the pipe takes in whatever has arrived, up to the same size. An idle channel holds no buffer but
// 512 bytes.
//
// Besides what ByteStream says, reading throws kDecryptFailed or kMalformed for a record that was changed,
// forged, repeated or moved, kEndOfStream when the pipe ends inside a record, and kLimitReached (writing too)
// after 2^64 - 1 records. The channel is reset then. A canceled write leaves the record it was in unfinished.
//
// An initiator whose key the responder does not take learns it here: reading and writing throw
// kHandshakeRefused where the pipe ends before any record and the key is of a type that stock peers refuse
// (SM2).
//
// Noise has no closing message: an end of the pipe between records reads as an end, so whoever must know that
// all has arrived says so in its own protocol, as muxers do.
class Channel final : public SecureChannel {
 public:
  Channel(StreamPtr pipe, Session session, BufferPool pool);

  Task<std::size_t> read_some(MutableBytes to) override;
  Task<void> write(BytesView bytes) override;
  Task<void> close_write() override;
  void reset() override;

  const PeerId& remote_peer() const override { return remote_peer_; }
  const PublicKey& remote_key() const override { return remote_key_; }
  const std::optional<ProtocolId>& early_muxer() const override { return muxer_; }

 private:
  Task<std::size_t> read_pipe();
  Task<void> write_pipe(BytesView record);
  [[noreturn]] void break_off(std::error_code reason);

  StreamPtr pipe_;
  PeerId remote_peer_;
  PublicKey remote_key_;
  std::optional<ProtocolId> muxer_;
  RecordWriter writer_;
  RecordReader reader_;
  bool reset_ = false;
  bool may_be_refused_;
};

}  // namespace warren::noise
