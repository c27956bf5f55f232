// A connection between two hosts of a crowd, and the streams on it.
#pragma once

#include <array>
#include <memory>
#include <vector>

#include "warren/async/event.hpp"
#include "warren/core/connection.hpp"
#include "warren/sim/crowd.hpp"

namespace warren::sim {

// Both ends of it: side 0 dialed.
class PlainLink {
 public:
  using LinkPtr = std::shared_ptr<PlainLink>;

  // Between two living hosts that have just shaken hands; it enters both.
  static LinkPtr open(Crowd& crowd, PlainHost& from, PlainHost& to);
  // The same, and the end of it, at once.
  static void open_and_close(Crowd& crowd, PlainHost& from, PlainHost& to);
  PlainLink(Crowd& crowd, PlainHost& from, PlainHost& to);

  static ConnectionPtr connection(const LinkPtr& link, std::size_t side) {
    return {link, &link->ends_[side]};
  }
  std::uint32_t host_of(std::size_t side) const { return ends_[side].local; }
  // At the other end, as this side sees it.
  const PeerId& peer_of(std::size_t side) const { return ends_[side].peer; }
  bool is_open(std::size_t side) const { return ends_[side].is_open(); }
  Instant last_used(std::size_t side) const { return ends_[side].last_used; }
  Duration round_trip() const { return round_trip_; }

  // One side ends, at once; the other one learns of it half a round trip later, or when it notices the
  // silence of a host that died.
  static void close(const LinkPtr& link, std::size_t side, bool silently);

 private:
  friend class PlainStream;

  // A stream.
  struct Pipe {
    struct Half {
      Bytes received;
      std::size_t read = 0;     // of received
      bool ended = false;       // this side writes no more
      bool peer_ended = false;  // nor does the other one
      std::error_code broken;
      Event changed;
      bool over() const { return broken || (ended && peer_ended && received.empty()); }
    };
    ProtocolId protocol;
    std::uint8_t opened_to = 1;  // the side that is to serve it
    bool sent = false;
    bool accepted = false;
    std::array<Half, 2> halves;
  };
  using PipePtr = std::shared_ptr<Pipe>;

  // What travels on it.
  struct Parcel {
    enum class Kind : std::uint8_t { kBytes, kEnd, kReset };
    Kind kind = Kind::kBytes;
    Bytes bytes;
    std::error_code why;  // of kReset
  };

  struct End final : public Connection {
    const PeerId& remote_peer() const override { return peer; }
    const PublicKey& remote_key() const override;
    const Multiaddr& local_address() const override;
    Multiaddr remote_address() const override;
    Direction direction() const override { return side == 0 ? Direction::kOutbound : Direction::kInbound; }
    const ProtocolId& security() const override;
    const ProtocolId& muxer() const override;
    Instant opened_at() const override { return opened; }
    Duration round_trip_time() const override { return link->round_trip_; }
    bool is_open() const override { return !reason; }
    std::error_code end_reason() const override { return reason; }
    Task<StreamPtr> open_stream(ProtocolId protocol) override;
    void close() override;

    PlainLink* link = nullptr;
    std::uint8_t side = 0;
    std::uint32_t local = 0;  // the host's number
    Instant opened{};
    Instant last_used{};
    std::error_code reason;  // why it ended
    PeerId peer;
    // Made when somebody asks.
    mutable std::unique_ptr<PublicKey> key;
    mutable std::unique_ptr<Multiaddr> address;
  };

  static void send(const LinkPtr& link, const PipePtr& pipe, std::size_t side, Parcel parcel);
  static void arrive(const LinkPtr& link, const PipePtr& pipe, std::size_t side, Parcel parcel);
  static bool accept(const LinkPtr& link, const PipePtr& pipe, std::size_t side);
  static LinkPtr enter(Crowd& crowd, PlainHost& from, PlainHost& to);
  static void end(const LinkPtr& link, std::size_t side, std::error_code reason);
  static void watch_idle(const LinkPtr& link);
  // Forgets the stream if both halves are over.
  void settle(const Pipe& pipe);
  PlainHost* host(std::size_t side) const { return crowd_.host(ends_[side].local); }

  Crowd& crowd_;
  Duration round_trip_;
  std::array<End, 2> ends_;
  std::vector<PipePtr> pipes_;
  std::weak_ptr<PlainLink> self_;
};

}  // namespace warren::sim
