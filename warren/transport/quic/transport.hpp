// QUIC version 1: /ip4|ip6/<address>/udp/<port>/quic-v1. One UDP socket for each address family listens and
// dials, so that a NAT shows others the same mapping for both.
// https://github.com/libp2p/specs/blob/master/quic/README.md
#pragma once

#include "warren/core/muxed_transport.hpp"
#include "warren/core/shared_sockets.hpp"
#include "warren/env/env.hpp"
#include "warren/transport/quic/switchboard.hpp"

namespace warren::quic {

// What connections say of themselves: QUIC has TLS inside (without multistream-select), and its own streams.
inline constexpr std::string_view kSecurity = "/tls/1.0.0";
inline constexpr std::string_view kMuxer = "/quic-v1";

class QuicTransport final : public MuxedTransport, public SharedSockets {
 public:
  // Nothing is made before the first dial() or listen(): then the certificate, which serves all connections
  // and is signed by `host_key`, and the sockets. Environment and key outlive the transport.
  QuicTransport(Env& env, const PrivateKey& host_key, const SwitchboardLimits& limits = {});
  // Closed before.
  ~QuicTransport() override;

  // Inbound handshakes, and what connections have received and nobody has read, are taken from these limits,
  // which outlive the transport and its connections. Before the first use.
  void account(Limit& half_open, UnreadLimits unread) {
    half_open_ = &half_open;
    unread_ = unread;
  }

  // Connections are logged there (Switchboard::log_to). Before the first use.
  void log_to(Switchboard::QlogFactory factory) { qlog_ = std::move(factory); }

  bool handles(const Multiaddr& address) const override;
  Task<UpgradedConnection> dial(Multiaddr address, PeerId peer) override;
  Result<std::unique_ptr<MuxedListener>> listen(const Multiaddr& address, Doorman doorman) override;
  Task<void> knock(Multiaddr address) override;
  void network_changed() override;
  Task<void> close() override;

  // SharedSockets: those of the listeners.
  std::vector<Endpoint> endpoints() const override;
  Task<void> send(Endpoint local, Endpoint remote, Bytes payload) override;
  Result<> adopt(std::unique_ptr<DatagramSocket> socket, Endpoint remote) override;
  Signal<const Datagram&, const Endpoint&>& strays() override { return strays_; }

  // Of UDP payloads.
  std::uint64_t bytes_received() const { return switchboard_ ? switchboard_->bytes_received() : 0; }
  std::uint64_t bytes_sent() const { return switchboard_ ? switchboard_->bytes_sent() : 0; }

 private:
  class QuicListener;

  Switchboard& switchboard();

  Env& env_;
  const PrivateKey& host_key_;
  SwitchboardLimits limits_;
  Limit* half_open_ = nullptr;
  UnreadLimits unread_;
  Switchboard::QlogFactory qlog_;
  bool closed_ = false;
  Signal<const Datagram&, const Endpoint&> strays_;
  std::unique_ptr<Switchboard> switchboard_;  // from the first use on
};

}  // namespace warren::quic
