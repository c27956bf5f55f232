// Test support: connections without a network below them.
#pragma once

#include "warren/core/connection.hpp"
#include "warren/core/test_values.hpp"
#include "warren/env/clock.hpp"

namespace warren::testing {

// It says who is at its other end, and where. Streams are the test's affair.
class StubConnection : public Connection {
 public:
  StubConnection(PeerId peer, PublicKey key, Multiaddr address, Direction direction = Direction::kInbound)
      : peer_(std::move(peer)), key_(std::move(key)), address_(std::move(address)), direction_(direction) {}

  const PeerId& remote_peer() const override { return peer_; }
  const PublicKey& remote_key() const override { return key_; }
  const Multiaddr& local_address() const override { return address_; }
  Multiaddr remote_address() const override { return address_; }
  Direction direction() const override { return direction_; }
  const ProtocolId& security() const override { return nothing_; }
  const ProtocolId& muxer() const override { return nothing_; }
  Instant opened_at() const override { return {}; }
  Duration round_trip_time() const override { return {}; }
  bool is_open() const override { return open; }
  std::error_code end_reason() const override { return {}; }
  Task<StreamPtr> open_stream(ProtocolId /*protocol*/) override { throw_error(Errc::kLimitReached); }
  void close() override { open = false; }

  bool open = true;

 private:
  PeerId peer_;
  PublicKey key_;
  Multiaddr address_;
  Direction direction_;
  ProtocolId nothing_;
};

// A stream to who does not speak the protocol, which is found out at the first read. `clock` outlives it.
class UnspokenStream final : public ByteStream {
 public:
  UnspokenStream(Clock& clock, Duration round_trip) : clock_(clock), round_trip_(round_trip) {}
  Task<std::size_t> read_some(MutableBytes /*to*/) override {
    co_await clock_.sleep_for(round_trip_);
    throw_error(Errc::kProtocolNotSupported);
    co_return 0;
  }
  Task<void> write(BytesView /*bytes*/) override { co_return; }
  Task<void> close_write() override { co_return; }
  void reset() override {}

 private:
  Clock& clock_;
  Duration round_trip_;
};

}  // namespace warren::testing
