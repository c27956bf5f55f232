// One end of a yamux connection without its I/O: it is fed with the peer's bytes and with time, and holds the
// bytes to be sent. The pump around it is connection.hpp.
#pragma once

#include <list>
#include <string_view>
#include <unordered_map>

#include "warren/core/secure_channel.hpp"
#include "warren/core/unread_account.hpp"
#include "warren/muxer/yamux/keepalive.hpp"
#include "warren/muxer/yamux/outbox.hpp"

namespace warren::yamux {

class Session {
 public:
  // The initiator's streams have odd numbers.
  Session(Side side, Limits limits, Instant now, UnreadLimits unread = {});
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // --- the peer ---

  // Bytes in any pieces. Ignored once the session has ended.
  void receive(BytesView bytes, Instant now);
  // The pipe ended: in good order (kClosed) where a frame does.
  void receive_end();
  // The pipe failed. Nothing more is sent.
  void fail(std::error_code reason);

  // --- time ---

  // Pings, and ends the session of a peer that is dead.
  void tick(Instant now);
  // When tick() is due, if nothing happens before.
  Instant deadline() const { return keepalive_.deadline(); }
  Duration round_trip() const { return keepalive_.round_trip(); }

  // --- streams ---

  // kLimitReached: the peer has not acknowledged enough of the earlier ones, or does not read. kClosed: the
  // session has ended.
  Result<StreamStatePtr> open(Instant now);
  // The oldest stream that the peer opened and nobody took; null when there is none.
  StreamStatePtr accept();
  // Streams that are not over, both directions.
  std::size_t stream_count() const { return streams_.size(); }

  // Takes over what it can, see Outbox::write. The stream has no write_error and no FIN.
  std::size_t write(const StreamStatePtr& stream, BytesView bytes) { return outbox_.write(stream, bytes); }
  void stop_waiting(StreamState& stream) { outbox_.stop_waiting(stream); }
  void close_write(StreamState& stream);
  // Moves what has been received to `to`; 0 when there is nothing.
  std::size_t read(StreamState& stream, MutableBytes to, Instant now);
  void reset(StreamState& stream);
  // The owner drops it: resets what is not over.
  void release(StreamState& stream);

  // --- the end ---

  // Tells the peer, ends all streams (kClosed).
  void go_away();
  // Why, once it has ended.
  std::error_code ended() const { return ended_; }
  // The same for people, where there is more to say.
  std::string_view detail() const { return detail_; }

  // --- output ---

  bool has_output() const { return !outbox_.empty(); }
  void take_output(Bytes& batch) { outbox_.take(batch); }
  void trim() { outbox_.trim(); }

  // `wake` is called when there is output, or the end has come. An empty one ends that.
  void on_output(std::function<void()> wake) { outbox_.on_filled(std::move(wake)); }
  // Tells of a stream to accept, or the end.
  Event& inbound() { return inbound_; }

  // Received and not read, all streams.
  std::size_t unread() const { return unread_.size(); }
  std::uint64_t window_budget_left() const { return budget_.left(); }

 private:
  void on_header(const Header& header);
  void on_stream_frame(const Header& header);
  void on_syn(const Header& header);
  void on_ping(const Header& header);
  void on_go_away(const Header& header);
  void on_reset(StreamState& stream);
  void on_data(const StreamStatePtr& stream, const Header& header);
  void on_window_update(StreamState& stream, const Header& header);
  void on_fin(StreamState& stream);
  void deliver(StreamState& stream, BytesView bytes);
  void consumed(StreamState& stream, std::size_t bytes);

  void send(StreamState& stream, FrameType type, std::uint16_t flags, std::uint32_t length);
  void violation(std::string_view detail, Errc code = Errc::kMalformed);
  void end(std::error_code reason, std::string_view detail);
  void forget(StreamState& stream);
  void forget_if_over(StreamState& stream);
  void break_stream(StreamState& stream, std::error_code error);
  void drop_unread(StreamState& stream);
  bool is_inbound(StreamId id) const { return id % 2 != next_id_ % 2; }

  const Limits limits_;
  WindowBudget budget_;
  Outbox outbox_;
  Keepalive keepalive_;
  Instant now_;

  std::unordered_map<StreamId, StreamStatePtr> streams_;
  std::list<StreamStatePtr> backlog_;  // to be accepted
  Event inbound_;
  StreamId next_id_;
  std::size_t inbound_count_ = 0;   // of the peer's streams: those known or owned
  std::size_t unacknowledged_ = 0;  // of ours
  UnreadAccount unread_;

  std::array<std::uint8_t, kHeaderSize> header_;  // a header that comes in pieces
  std::size_t header_size_ = 0;
  std::size_t payload_left_ = 0;   // of the data frame that is being received
  bool payload_fin_ = false;       // it ends the peer's half
  StreamStatePtr payload_stream_;  // null: nobody wants it

  std::error_code ended_;
  std::string_view detail_;
};

}  // namespace warren::yamux
