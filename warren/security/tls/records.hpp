// The TLS connection as OpenSSL keeps it, without I/O: what arrives is put in, what must leave is taken out.
// RFC 8446; records carry up to 16 KiB each.
#pragma once

#include <array>

#include "warren/base/buffer_pool.hpp"
#include "warren/security/tls/ssl.hpp"

namespace warren::tls {

inline constexpr std::size_t kRecordPlaintextMax = 16 * 1024;
// What a record is longer than its plaintext: a header of 5 bytes, the type and a tag of 16.
inline constexpr std::size_t kRecordOverhead = 5 + 1 + 16;
// What one write() takes: as many full records as a large buffer holds.
inline constexpr std::size_t kSealMax = 8 * kRecordPlaintextMax;

// Memory follows what the peer really sent: buffers hold at most 16 times the bytes that are not yet read,
// never more than kLargeBufferSize and one record, and nothing but kWaitSize between records.
class Records {
 public:
  static constexpr std::size_t kWaitSize = 1024;

  Records(SslPtr ssl, BufferPool pool);
  ~Records();
  Records(Records&&) = delete;  // OpenSSL and space() point into it

  // Where the next arriving bytes belong, at least one. Precondition: shake_hands() or read() has just asked
  // for them. The space is valid until add() or the next space().
  MutableBytes space();
  void add(std::size_t size);  // so many bytes were put to the front of space()

  // Goes on with the handshake. True: it is done, and what was left to say is to be taken; false: more bytes
  // are needed. Errors are those of last_error() (ssl.hpp); there may be an alert to send then.
  Result<bool> shake_hands();

  // Opens records into `to` (not empty) and returns the size of what was put there; 0: more bytes are needed,
  // or ended(). kDecryptFailed, kMalformed...: as last_error(). What was opened before a bad record is
  // returned first; the error repeats.
  Result<std::size_t> read(MutableBytes to);
  // The peer has said that nothing follows (close_notify).
  bool ended() const { return ended_; }
  // Bytes arrived behind what was read.
  bool has_unread() const { return begin_ < end_; }

  // Seals at most kSealMax bytes, for take(). Errors as last_error().
  Result<> write(BytesView plaintext);
  // Says that nothing follows.
  void close();

  struct Outgoing {
    Buffer buffer;
    std::size_t size = 0;  // the bytes at the buffer's front

    BytesView bytes() { return buffer.bytes().first(size); }
  };
  // What has to be sent, which is nothing or all there is.
  Outgoing take();

  ssl_st* ssl() { return ssl_.get(); }

 private:
  friend struct BufferBio;  // OpenSSL's way to what follows (records.cpp)
  std::size_t consume(MutableBytes to);
  bool produce(BytesView bytes);

  MutableBytes memory();
  bool reserve(std::size_t size);

  BufferPool pool_;
  std::array<std::uint8_t, kWaitSize> waiting_;
  Buffer buffer_;  // instead of waiting_, while there is more
  std::size_t begin_ = 0;
  std::size_t end_ = 0;  // of what arrived and OpenSSL has not taken, in memory()
  bool filled_ = false;  // the last bytes that arrived left no space
  Outgoing outgoing_;
  bool ended_ = false;
  std::error_code failure_;
  SslPtr ssl_;  // the first to go: it points to the rest
};

}  // namespace warren::tls
