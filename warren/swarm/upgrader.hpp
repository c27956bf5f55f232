// Turns a raw pipe into a secured, multiplexed connection: negotiate security, handshake, negotiate the muxer
// (unless the handshake did). https://github.com/libp2p/specs/blob/master/connections/README.md
#pragma once

#include "warren/core/pipe_protector.hpp"
#include "warren/core/transport.hpp"
#include "warren/core/upgraded_connection.hpp"

namespace warren {

class Upgrader {
 public:
  // In order of preference. They outlive the upgrader, and so does `protector`, which goes under everything
  // else in a private network and is null in an open one.
  Upgrader(std::vector<SecureTransport*> securities, std::vector<Muxer*> muxers,
           PipeProtector* protector = nullptr);

  // What can be proposed, best first.
  const std::vector<ProtocolId>& securities() const { return security_ids_; }

  // Dialing: `expected` must answer. `security`, one of securities(), is proposed optimistically, so that its
  // first message travels with the proposal: a peer that does not speak it makes the pipe useless, and that
  // is kSecurityNotSupported. Throws what else went wrong, with the raw pipe reset. The caller sets the time
  // limit.
  Task<UpgradedConnection> upgrade_outbound(RawConnection raw, PeerId expected, ProtocolId security);
  // Accepting. `peer`, unless null, outlives the upgrade and gets who is there as soon as that is known: of
  // use when what follows fails.
  Task<UpgradedConnection> upgrade_inbound(RawConnection raw, std::optional<PeerId>* peer = nullptr);

 private:
  Task<UpgradedConnection> multiplex(std::unique_ptr<SecureChannel> channel, Side side, ProtocolId security,
                                     Multiaddr local, Multiaddr remote);
  StreamPtr protect(StreamPtr raw) const;
  SecureTransport& security(const ProtocolId& id) const;
  Muxer& muxer(const ProtocolId& id) const;

  std::vector<SecureTransport*> securities_;
  std::vector<Muxer*> muxers_;
  PipeProtector* protector_;
  std::vector<ProtocolId> security_ids_;
  std::vector<ProtocolId> muxer_ids_;
};

}  // namespace warren
