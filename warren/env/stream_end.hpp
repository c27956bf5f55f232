// One end of a byte stream in memory: what has been received and not read, what may still be sent. The rules
// of ByteStream, for pipes and simulated TCP alike; how a segment gets to the other end is the owner's
// affair.
#pragma once

#include <deque>
#include <functional>
#include <optional>

#include "warren/async/event.hpp"
#include "warren/base/bytes.hpp"

namespace warren {

// What travels between the two ends.
struct Segment {
  enum class Kind {
    kBytes,
    kEnd,     // of the sender's half: FIN
    kCredit,  // the receiver has read so many bytes: window update
    kReset,   // RST
  };
  Kind kind = Kind::kBytes;
  Bytes bytes;             // of kBytes
  std::size_t credit = 0;  // of kCredit
};

class StreamEnd {
 public:
  // At most `window` bytes are on their way or unread in each direction. `send` must keep the order.
  StreamEnd(std::size_t window, std::function<void(Segment)> send);

  // As ByteStream says.
  Task<std::size_t> read_some(MutableBytes to);
  Task<void> write(BytesView bytes);
  void close_write();
  void reset();

  // A segment from the other end.
  void receive(Segment segment);

  // We have ended our half, and there is nothing left to read: destroying such an end loses nothing.
  bool drained() const { return ended_ && received_.empty(); }
  // Both halves have ended, one way or another.
  bool over() const { return broken_ || (ended_ && peer_ended_ && received_.empty()); }

 private:
  void check() const;

  std::function<void(Segment)> send_;
  std::size_t credit_;
  std::deque<Bytes> received_;
  std::size_t read_ = 0;  // of the first of received_
  bool ended_ = false;
  bool peer_ended_ = false;
  bool broken_ = false;
  Event changed_;
};

}  // namespace warren
