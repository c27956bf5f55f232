// The records of a Noise channel after its handshake, without I/O:
//
//   | size, 2 bytes big-endian | ciphertext, size - 16 bytes | tag, 16 bytes |
//
// https://github.com/libp2p/specs/tree/master/noise#wire-format
#pragma once

#include <array>

#include "warren/base/buffer_pool.hpp"
#include "warren/security/noise/cipher_state.hpp"

namespace warren::noise {

inline constexpr std::size_t kRecordPrefixSize = 2;
inline constexpr std::size_t kRecordSizeMax = 65535;  // without the prefix
inline constexpr std::size_t kRecordPlaintextMax = kRecordSizeMax - kTagSize;
// What one pass of RecordWriter::seal takes: two full records.
inline constexpr std::size_t kSealMax = 2 * kRecordPlaintextMax;

// Seals plaintext into records, back to back.
class RecordWriter {
 public:
  RecordWriter(CipherState cipher, BufferPool pool) : cipher_(std::move(cipher)), pool_(std::move(pool)) {}

  struct Sealed {
    Buffer buffer;
    std::size_t size = 0;  // the records' bytes at the buffer's front
  };
  // The records of `plaintext`, at most kSealMax bytes. kLimitReached: all nonces are used.
  Result<Sealed> seal(BytesView plaintext);

 private:
  CipherState cipher_;
  BufferPool pool_;
};

// Takes in what arrives and opens it record by record. Its memory follows what the peer really sent: at most
// 16 times the bytes that are not yet read, never over kLargeBufferSize, and kWaitSize between records.
class RecordReader {
 public:
  static constexpr std::size_t kWaitSize = 512;

  RecordReader(CipherState cipher, BufferPool pool) : cipher_(std::move(cipher)), pool_(std::move(pool)) {}
  RecordReader(RecordReader&&) = delete;  // space() points into it

  // Where the next arriving bytes belong, at least one. Precondition: read() has just returned 0. The space
  // is valid until add() or the next space().
  MutableBytes space();
  void add(std::size_t size);  // so many bytes were put to the front of space()

  // Opens records into `to` (not empty) and returns the size of what was put there; 0: more bytes are needed.
  // kMalformed: a record too short for a tag; kDecryptFailed: forged, changed, or out of order;
  // kLimitReached: all nonces are used. What was opened before a bad record is returned first; the error
  // repeats.
  Result<std::size_t> read(MutableBytes to);

  // Whether all that arrived was read: the only place where the pipe may end.
  bool empty() const { return begin_ == end_ && opened_.empty(); }

 private:
  MutableBytes memory();
  Result<BytesView> next_record();
  std::size_t take_opened(MutableBytes to);
  void release_if_empty();

  CipherState cipher_;
  BufferPool pool_;
  std::array<std::uint8_t, kWaitSize> waiting_;
  Buffer buffer_;  // instead of waiting_, while there is more
  // Bytes of memory(): sealed ones that are not opened yet, and an opened record's that are not taken yet.
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  MutableBytes opened_;
};

}  // namespace warren::noise
