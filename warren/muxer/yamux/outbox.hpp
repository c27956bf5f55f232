// The frames that wait for the pipe, encoded one behind the other in one buffer, so that a single write takes
// them all. Bounded; streams that write take turns when it is full.
#pragma once

#include <functional>
#include <list>
#include <vector>

#include "warren/muxer/yamux/stream_state.hpp"

namespace warren::yamux {

class Outbox {
 public:
  // `limits` outlives the outbox.
  explicit Outbox(const Limits& limits) : limits_(limits) {}

  // A frame without payload.
  void append(const Header& header);
  // The same, for a frame that the peer caused: these are counted. False: the peer causes more of them than
  // it reads.
  [[nodiscard]] bool append_caused(const Header& header);
  // A frame of this stream, with its SYN or ACK if that is not sent yet. Counted if the peer opened the
  // stream.
  [[nodiscard]] bool append(StreamState& stream, FrameType type, std::uint16_t flags, std::uint32_t length);

  // Takes over as many bytes as the stream's window, the room and the turns of other streams allow; returns
  // how many. If it is fewer than all, `writable` tells when to come again. The stream has no error and no
  // FIN.
  std::size_t write(const StreamStatePtr& stream, BytesView bytes);
  // It will not come again.
  void stop_waiting(StreamState& stream);

  // Its SYN or ACK goes out with the next batch, if no other frame of it takes it along before.
  void greet(const StreamStatePtr& stream);

  bool empty() const { return frames_.empty() && greetings_.empty(); }
  // Our own streams are so fast, or the pipe so slow, that no more should be opened now.
  bool overfull() const { return frames_.size() > limits_.outgoing_max + limits_.control_max; }

  // Swaps all that waits into `batch`, which is empty, and keeps batch's memory for later.
  void take(Bytes& batch);
  // Forgets what waits, writers included.
  void clear();
  // Gives unused memory back.
  void trim();

  // Is called when something waits where nothing did.
  void on_filled(std::function<void()> wake) { wake_ = std::move(wake); }
  void wake() {
    if (wake_) wake_();
  }

 private:
  std::size_t room() const;
  bool my_turn(const StreamState& stream) const;
  void wake_next();
  void announce();

  const Limits& limits_;
  Bytes frames_;
  std::size_t caused_ = 0;  // bytes of frames_ that the peer caused
  std::vector<StreamStatePtr> greetings_;
  std::list<StreamStatePtr> writers_;  // that wait for room, the next one first
  bool announced_ = false;
  std::function<void()> wake_;
};

}  // namespace warren::yamux
