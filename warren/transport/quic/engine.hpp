// One connection of the QUIC library, ngtcp2 0.12, in Warren's words. What differs in other versions of its
// API is in engine.cpp and packet.cpp only. Knows frames, keys, acknowledgements, congestion and time; what
// streams carry, and when, is connection.hpp's.
#pragma once

#include <functional>
#include <memory>
#include <span>

#include "warren/core/secure_channel.hpp"
#include "warren/env/datagram_socket.hpp"
#include "warren/transport/quic/close_reason.hpp"
#include "warren/transport/quic/connection_id.hpp"
#include "warren/transport/quic/engine_memory.hpp"
#include "warren/transport/quic/frame_screen.hpp"
#include "warren/transport/quic/limits.hpp"
#include "warren/transport/quic/packet.hpp"
#include "warren/transport/quic/tls_session.hpp"

namespace warren::quic {

using StreamId = std::int64_t;
struct StreamState;

// What the library tells. None of these may call the engine, but for attach().
class EngineEvents {
 public:
  virtual void on_handshake_completed() = 0;
  // Of the peer's.
  virtual void on_stream_opened(StreamId id) = 0;
  // In order, without gaps. `stream` is what was attached.
  virtual void on_stream_data(StreamState& stream, BytesView bytes, bool fin) = 0;
  // Everything below this offset has arrived.
  virtual void on_stream_acknowledged(StreamState& stream, std::uint64_t offset) = 0;
  // The peer ends its half at once.
  virtual void on_stream_reset(StreamState& stream, std::uint64_t code) = 0;
  // The peer lets us send more.
  virtual void on_stream_window(StreamState& stream) = 0;
  // Both halves are over; the id means nothing any more.
  virtual void on_stream_closed(StreamState& stream) = 0;
  // The peer names us by this in its packets, too; or no longer does.
  virtual void on_connection_id(const ConnectionId& id) = 0;
  virtual void on_connection_id_retired(const ConnectionId& id) = 0;
  // The server gave this for the next connection from here, see EngineSetup::token.
  virtual void on_token(BytesView token) = 0;

 protected:
  ~EngineEvents() = default;
};

struct EngineSetup {
  Side side = Side::kInitiator;
  Path path;
  Instant now;
  Random& random;
  // 32 bytes; the stateless reset tokens of all connections of a socket derive from them.
  BytesView reset_secret;
  const FirstPacket* first = nullptr;     // the responder: what has come
  BytesView token = {};                   // the initiator: what the server gave it the last time
  std::function<void(BytesView)> qlog{};  // called with pieces of a qlog file, when given
};

class Engine {
 public:
  // The limits, `random`, `reset_secret`, `tls` and `events` outlive the engine.
  Engine(const EngineSetup& setup, const Limits& limits, TlsSession& tls, EngineEvents& events);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  // --- datagrams ---

  // False: the connection is over, see failure().
  bool read(const Path& path, BytesView datagram, Ecn ecn, Instant now);

  // The bytes that a stream has to send next, in pieces.
  struct Offer {
    StreamId stream = -1;  // none
    std::span<const BytesView> pieces{};
    bool fin = false;  // after them
  };
  struct Written {
    enum class Status {
      kPacket,   // `size` bytes of a datagram for `path` are complete
      kMore,     // there is room for another stream's bytes: write again, with the same buffer, at once
      kBlocked,  // the stream must wait for on_stream_window(); the same buffer, at once
      kStopped,  // the peer does not want the stream's bytes; the same buffer, at once
      kNothing,  // nothing to be sent, or not yet
      kFailed,   // see failure()
    };
    Status status = Status::kNothing;
    std::size_t size = 0;
    std::size_t accepted = 0;   // of the offered bytes. They stay where they are until acknowledged
    bool fin_accepted = false;  // all of the bytes, and the end
    Path path{};
    Ecn ecn = Ecn::kNotCapable;
  };
  // Into `buffer`, of at least limits.datagram_max bytes.
  Written write(MutableBytes buffer, const Offer& offer, Instant now);
  // Call it when a batch of so many bytes is complete: it sets the pace.
  void end_batch(std::size_t bytes, Instant now);

  // The datagram that tells the peer that, and why, it is over: `reason`, or what failure() was about. None
  // when there is nobody to tell.
  Written write_close(MutableBytes buffer, const CloseReason* reason, Instant now);

  // --- time ---

  Instant deadline() const;
  // To be called when the deadline has passed. False: the connection is over.
  bool expire(Instant now);

  // --- streams ---

  // kLimitReached: the peer allows no more yet.
  Result<StreamId> open_stream(StreamState& state);
  void attach(StreamId id, StreamState* state);
  // The owner has read so many bytes.
  void extend_stream_window(StreamId id, std::uint64_t bytes);
  void extend_connection_window(std::uint64_t bytes);
  // One of the peer's streams is over.
  void extend_stream_limit();
  void reset_stream(StreamId id, std::uint64_t code);
  void stop_sending(StreamId id, std::uint64_t code);
  // What the peer lets us send on all streams together.
  std::uint64_t connection_window_left() const;

  // --- the rest ---

  // Once read(), write() or expire() said that the connection is over.
  std::error_code failure() const { return failure_; }
  // The peer ended it: `failure` is what its CONNECTION_CLOSE says. Else it came to nothing here.
  bool ended_by_peer() const { return ended_by_peer_; }
  // Nobody is to be told.
  bool silent() const { return silent_; }
  // The client must show its address first: quic::retry(), and the connection is forgotten.
  bool wants_retry() const { return wants_retry_; }
  const CloseReason& peer_reason() const { return peer_reason_; }

  Path path() const;
  // Continues from another address, as the client. kUnsupported: not now, or not with this peer.
  Result<> migrate(const Path& path, Instant now);
  // The handshake is over: gives back what only that needed.
  void release_handshake();
  // The server, once the handshake is over: gives the client a token for its next connection.
  void give_token(Instant now);
  // The next write() asks the peer for a sign of life, if nothing else does.
  void probe();
  Duration round_trip() const;
  // Three probe timeouts: how long a closed connection is remembered.
  Duration close_period() const;
  std::size_t datagram_size() const;
  // Bytes that the library holds for this connection.
  std::size_t memory() const { return memory_.used(); }
  // All that packets to us may be addressed to now.
  std::vector<ConnectionId> connection_ids() const;

 private:
  friend struct Callbacks;
  bool fail(int library_error);
  void note_acknowledgement(Instant now);
  bool may_come_from(const Path& path, const Path& current, Instant now) const;
  void note_move(const Path& from, const Path& to, Instant now);

  TlsSession& tls_;
  EngineEvents& events_;
  Random& random_;
  BytesView reset_secret_;
  std::function<void(BytesView)> qlog_;
  FrameScreen screen_;
  EngineMemory memory_;
  struct FreeConnection {
    void operator()(ngtcp2_conn* connection) const;
  };
  std::unique_ptr<ngtcp2_conn, FreeConnection> connection_;
  Side side_;
  Duration keepalive_;
  Instant moving_until_ = Instant::min();  // the server: the client's last move may not be over
  std::optional<Path> moved_from_{};       // and from where, until the new path has proved itself
  bool probing_ = false;
  std::uint32_t packet_ecn_ = 0;  // of the packet that is being written
  Instant paced_until_ = Instant::min();
  std::size_t unpaced_ = 0;  // bytes since the library was told of the pace
  Instant expired_at_ = Instant::min();
  int library_error_ = 0;
  std::error_code failure_;
  bool ended_by_peer_ = false;
  bool silent_ = false;
  bool wants_retry_ = false;
  bool stateless_reset_ = false;
  CloseReason peer_reason_;
};

}  // namespace warren::quic
