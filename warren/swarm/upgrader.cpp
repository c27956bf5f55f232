#include "warren/swarm/upgrader.hpp"

#include "warren/async/as_result.hpp"
#include "warren/base/assert.hpp"
#include "warren/negotiation/multistream.hpp"

namespace warren {

Upgrader::Upgrader(std::vector<SecureTransport*> securities, std::vector<Muxer*> muxers,
                   PipeProtector* protector)
    : securities_(std::move(securities)), muxers_(std::move(muxers)), protector_(protector) {
  for (const auto* security : securities_) security_ids_.push_back(security->id());
  for (const auto* muxer : muxers_) muxer_ids_.push_back(muxer->id());
}

StreamPtr Upgrader::protect(StreamPtr raw) const {
  return protector_ == nullptr ? std::move(raw) : protector_->protect(std::move(raw));
}

SecureTransport& Upgrader::security(const ProtocolId& id) const {
  const auto found = std::ranges::find(security_ids_, id);
  WARREN_ASSERT(found != security_ids_.end());
  return *securities_[found - security_ids_.begin()];
}

Muxer& Upgrader::muxer(const ProtocolId& id) const {
  const auto found = std::ranges::find(muxer_ids_, id);
  WARREN_ASSERT(found != muxer_ids_.end());
  return *muxers_[found - muxer_ids_.begin()];
}

Task<UpgradedConnection> Upgrader::upgrade_outbound(RawConnection raw, PeerId expected, ProtocolId id) {
  StreamPtr proposed = multistream::propose_optimistically(protect(std::move(raw.stream)), id);
  auto securing = security(id).secure(std::move(proposed), Side::kInitiator, std::move(expected), muxer_ids_);
  auto channel = co_await as_result(std::move(securing));
  if (!channel && channel.error() == Errc::kProtocolNotSupported) {
    throw_error(Errc::kSecurityNotSupported, id);
  }
  auto upgraded = co_await multiplex(value_or_throw(std::move(channel)), Side::kInitiator, std::move(id),
                                     std::move(raw.local), std::move(raw.remote));
  upgraded.budget = std::move(raw.budget);
  co_return upgraded;
}

Task<UpgradedConnection> Upgrader::upgrade_inbound(RawConnection raw, std::optional<PeerId>* peer) {
  raw.stream = protect(std::move(raw.stream));
  ProtocolId chosen = co_await multistream::respond(*raw.stream, security_ids_);
  auto channel =
      co_await security(chosen).secure(std::move(raw.stream), Side::kResponder, std::nullopt, muxer_ids_);
  if (peer != nullptr) *peer = channel->remote_peer();
  auto upgraded = co_await multiplex(std::move(channel), Side::kResponder, std::move(chosen),
                                     std::move(raw.local), std::move(raw.remote));
  upgraded.budget = std::move(raw.budget);
  co_return upgraded;
}

Task<UpgradedConnection> Upgrader::multiplex(std::unique_ptr<SecureChannel> channel, Side side,
                                             ProtocolId security, Multiaddr local, Multiaddr remote) {
  PeerId peer = channel->remote_peer();
  PublicKey key = channel->remote_key();
  ProtocolId chosen;
  if (channel->early_muxer()) {
    chosen = *channel->early_muxer();
  } else if (side == Side::kInitiator) {
    chosen = co_await multistream::propose(*channel, muxer_ids_);
  } else {
    chosen = co_await multistream::respond(*channel, muxer_ids_);
  }
  auto muxed = muxer(chosen).multiplex(std::move(channel), side);
  const Direction direction = side == Side::kInitiator ? Direction::kOutbound : Direction::kInbound;
  co_return UpgradedConnection{.muxed = std::move(muxed),
                               .remote_peer = std::move(peer),
                               .remote_key = std::move(key),
                               .local = std::move(local),
                               .remote = std::move(remote),
                               .direction = direction,
                               .security = std::move(security),
                               .muxer = std::move(chosen)};
}

}  // namespace warren
