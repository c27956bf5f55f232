// One end of a QUIC connection without its I/O: it is fed with datagrams and with time, and hands out the
// datagrams to be sent. RFC 9000; https://github.com/libp2p/specs/blob/master/quic/README.md
//
// Whenever it asks for it (set_wake), take() is to be called soon until it has nothing, and the deadline is
// another.
#pragma once

#include <deque>
#include <list>
#include <unordered_map>
#include <vector>

#include "warren/core/unread_account.hpp"
#include "warren/transport/quic/stream_state.hpp"

namespace warren::quic {

struct ConnectionSetup {
  EngineSetup engine;
  const Credentials& credentials;    // outlive the connection, as do the engine's random and secret
  std::optional<PeerId> expected{};  // the other side must be this peer
  WallTime wall_now{};               // certificates must be valid then
  UnreadLimits unread{};             // where it counts what it has received and nobody has read
};

// Datagrams for one path, all of `segment_size` bytes but for the last one, which may be smaller.
struct Batch {
  Path path;
  Ecn ecn = Ecn::kNotCapable;
  std::size_t segment_size = 0;
  BytesView bytes;  // in the buffer that was given
};

struct ConnectionIdChange {
  ConnectionId id;
  bool added = false;  // else it is retired
};

class Connection final : private EngineEvents {
 public:
  Connection(const ConnectionSetup& setup, const Limits& limits);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // What to call when take() may have something. It must not call the connection.
  void set_wake(std::function<void()> wake) { wake_ = std::move(wake); }

  // --- datagrams ---

  void receive(const Path& path, BytesView datagram, Ecn ecn, Instant now);
  // What is to be sent now, written into `buffer`, of at least limits.datagram_max bytes; up to
  // limits.batch_max are used. Nothing: wait for the deadline, or for something to happen.
  std::optional<Batch> take(MutableBytes buffer, Instant now);

  // --- time ---

  // When tick() is due, if nothing happens before.
  Instant deadline() const;
  void tick(Instant now);

  // --- who it is with ---

  // The handshake is done: the peer is known. A client learns later whether the server likes its certificate.
  bool established() const { return established_; }
  const PublicKey& remote_key() const { return *tls_.remote_key(); }  // once established
  const PeerId& remote_peer() const { return tls_.remote_peer(); }
  Path path() const { return engine_.path(); }
  Duration round_trip() const { return engine_.round_trip(); }
  // Of the largest datagrams that are known to pass.
  std::size_t datagram_size() const { return engine_.datagram_size(); }
  // Bytes that the QUIC library holds for it: Limits::library_memory_max at most.
  std::size_t library_memory() const { return engine_.memory(); }
  // The client's address changed: goes on from there. kUnsupported: not yet, or the peer doesn't allow it.
  Result<> migrate(const Path& path, Instant now);

  // The way may be better than it was, as after a cable was put back: asks the peer at once, instead of
  // waiting for the next attempt, which comes the later the longer the silence was.
  void probe();

  // Packets with these destinations are for this connection; changes since the last call.
  std::vector<ConnectionId> connection_ids() const { return engine_.connection_ids(); }
  std::vector<ConnectionIdChange> take_id_changes() { return std::exchange(id_changes_, {}); }

  // What the server gave for the next connection to it, since the last call.
  std::optional<Bytes> take_token() { return std::exchange(token_, std::nullopt); }

  // --- streams: only while it is established and has not ended ---

  // kLimitReached: the peer allows no more yet. Otherwise why the connection has ended.
  Result<StreamStatePtr> open();
  // The oldest stream that the peer opened and nobody took; null when there is none.
  StreamStatePtr accept();
  std::size_t stream_count() const { return leaving_ ? 0 : streams_.size(); }

  // Takes over what there is room for; 0: wait for `writable`. The stream has no write_error and no FIN.
  std::size_t write(StreamState& stream, BytesView bytes);
  void close_write(StreamState& stream);
  // Moves what has been received to `to`; 0 when there is nothing.
  std::size_t read(StreamState& stream, MutableBytes to);
  // Ends both halves at once, telling the peer this code.
  void reset(StreamState& stream, std::uint64_t code = 0);
  // Ends the peer's half only: it is told that nobody reads it.
  void stop_sending(StreamState& stream, std::uint64_t code = 0);
  // The owner drops it: resets what is not over.
  void release(StreamState& stream);

  // --- the end ---

  // Tells the peer and ends all streams, now. Idempotent.
  void close(CloseReason reason, Instant now);
  // The same in good order: no streams any more, and nothing is read, but what was written is delivered
  // first, as long as that takes no longer than `patience`.
  void go_away(CloseReason reason, Instant now, Duration patience);
  bool leaving() const { return leaving_.has_value(); }
  // It came to nothing, for a reason of this machine's. Nobody is told.
  void abandon(std::error_code reason, Instant now);
  // Why, once it has ended: kClosed when either side closed it in good order, kTimedOut when the peer fell
  // silent, what tls::verify_certificates() says of the peer's certificate, kPeerIdMismatch, meaning_of() the
  // peer's reason...
  std::error_code ended() const { return ended_; }
  const CloseReason& peer_reason() const { return engine_.peer_reason(); }
  bool wants_retry() const { return engine_.wants_retry(); }
  // Nothing more comes out of it, and nobody is to be told again: it can be destroyed.
  bool gone(Instant now) const { return ended_ && !close_due_ && now >= gone_at_; }

  // --- what happened ---

  Event& inbound() { return inbound_; }  // a stream to accept, or the end
  Event& changed() { return changed_; }  // established, or the end

 private:
  void on_handshake_completed() override;
  void on_stream_opened(StreamId id) override;
  void on_stream_data(StreamState& stream, BytesView bytes, bool fin) override;
  void on_stream_acknowledged(StreamState& stream, std::uint64_t offset) override;
  void on_stream_reset(StreamState& stream, std::uint64_t code) override;
  void on_stream_window(StreamState& stream) override;
  void on_stream_closed(StreamState& stream) override;
  void on_connection_id(const ConnectionId& id) override { id_changes_.push_back({id, true}); }
  void on_connection_id_retired(const ConnectionId& id) override { id_changes_.push_back({id, false}); }
  void on_token(BytesView token) override;

  struct Packet {
    Path path;
    Ecn ecn = Ecn::kNotCapable;
    Bytes bytes;
  };
  std::optional<Batch> take_packet(const Packet& packet, MutableBytes buffer) const;
  Engine::Written write_packet(MutableBytes buffer, Instant now);
  StreamState* next_sender();
  void enqueue(StreamState& stream);
  void account(StreamState& stream, const Engine::Written& written);
  void peer_stopped(StreamState& stream);
  std::size_t room(const StreamState& stream) const;
  void tell_of_room(StreamState& stream) const;

  void consumed(StreamState& stream, std::size_t bytes);
  void drop_unread(StreamState& stream);
  void break_stream(StreamState& stream, std::error_code error);
  void end_failed(Instant now);
  void end(std::error_code reason, Instant gone_at);
  void settle(Instant now);
  bool delivered() const;

  struct Leaving {
    CloseReason reason;
    Instant until;
  };

  const Limits limits_;
  const Side side_;
  UnreadAccount unread_;
  std::vector<StreamId> overfull_;  // there was no room for what they sent: to be reset
  std::unordered_map<StreamId, StreamStatePtr> streams_;
  std::list<StreamStatePtr> backlog_;  // to be accepted
  std::deque<StreamState*> senders_;   // with something to send, in turns
  std::uint64_t credit_ = 0;           // read from streams, and the peer does not know
  std::uint64_t finished_ = 0;         // streams of the peer's that are over, and it does not know
  std::vector<ConnectionIdChange> id_changes_;
  std::optional<Bytes> token_;
  std::optional<Packet> held_;  // does not fit with a batch: for the next

  bool established_ = false;
  bool handshake_released_ = false;
  std::optional<Leaving> leaving_;
  std::error_code ended_;
  Instant gone_at_{};
  bool close_due_ = false;
  Packet close_packet_;
  std::uint32_t packets_since_close_ = 0;

  std::function<void()> wake_ = [] {};
  Event inbound_;
  Event changed_;

  TlsSession tls_;
  Engine engine_;  // refers to the streams' bytes: ends before them
};

}  // namespace warren::quic
