// A QUIC connection and its streams, as the rest of Warren has them: a MuxedConnection, which needs neither
// securing nor multiplexing, and ByteStreams.
#pragma once

#include <vector>

#include "warren/core/muxer.hpp"
#include "warren/env/clock.hpp"
#include "warren/transport/quic/address.hpp"
#include "warren/transport/quic/connection.hpp"

namespace warren::quic {

// One connection in the hands of its switchboard, its owner and its streams; the last of them ends it.
struct Line {
  Line(Clock& the_clock, const ConnectionSetup& setup, const Limits& limits)
      : clock(the_clock), connection(setup, limits) {}

  Clock& clock;
  Connection connection;
  Duration close_max{};

  // The switchboard's.
  std::vector<ConnectionId> ids;  // under which it is known
  Instant timer = Instant::max();
  bool listed = false;                   // the switchboard knows it
  bool ready = false;                    // in its queue of senders
  bool half_open = false;                // counted among those
  bool waiting = false;                  // to be accepted
  bool reported = false;                 // that its handshake failed
  std::optional<Endpoint> own_socket{};  // that it leaves from, and nothing else does
};

class QuicConnection final : public MuxedConnection {
 public:
  // Established.
  explicit QuicConnection(std::shared_ptr<Line> line) : line_(std::move(line)) {}
  // Goes away.
  ~QuicConnection() override;

  void start() override {}  // its switchboard has
  Task<StreamPtr> open_stream() override;
  Task<StreamPtr> accept_stream() override;
  // What was written has a little time to arrive.
  void go_away() override;
  Task<void> close() override;
  std::size_t stream_count() const override { return line_->connection.stream_count(); }
  Duration round_trip_time() const override { return line_->connection.round_trip(); }
  std::optional<Multiaddr> remote_address() const override { return multiaddr_of(path().remote); }

  const PeerId& remote_peer() const { return line_->connection.remote_peer(); }
  const PublicKey& remote_key() const { return line_->connection.remote_key(); }
  // Where it is now: the peer's address may change.
  Path path() const { return line_->connection.path(); }
  // The client's socket changed, or its address: goes on from there. kUnsupported: redial.
  Result<> migrate(const Path& path) { return line_->connection.migrate(path, line_->clock.now()); }
  std::error_code ended() const { return line_->connection.ended(); }

 private:
  std::shared_ptr<Line> line_;
};

}  // namespace warren::quic
