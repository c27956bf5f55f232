#include "warren/transport/quic/transport.hpp"

#include "warren/transport/quic/address.hpp"

namespace warren::quic {

namespace {

UpgradedConnection upgraded(std::unique_ptr<QuicConnection> connection, Direction direction) {
  const Path path = connection->path();
  PeerId peer = connection->remote_peer();
  PublicKey key = connection->remote_key();
  return {.muxed = std::move(connection),
          .remote_peer = std::move(peer),
          .remote_key = std::move(key),
          .local = multiaddr_of(path.local),
          .remote = multiaddr_of(path.remote),
          .direction = direction,
          .security = ProtocolId(kSecurity),
          .muxer = ProtocolId(kMuxer)};
}

IpAddress any_of_family(const Endpoint& remote) {
  return remote.address.is_v4() ? IpAddress() : IpAddress::v6({});
}

}  // namespace

// Closes with its switchboard at the latest, which ends with the transport.
class QuicTransport::QuicListener final : public MuxedListener {
 public:
  QuicListener(QuicTransport& transport, const Endpoint& local)
      : transport_(transport), local_(local), address_(multiaddr_of(local)) {}
  ~QuicListener() override { close(); }

  Task<UpgradedConnection> accept() override {
    if (!transport_.switchboard_) throw_error(Errc::kClosed);
    auto connection = co_await transport_.switchboard_->accept(local_);
    co_return upgraded(std::move(connection), Direction::kInbound);
  }
  const Multiaddr& address() const override { return address_; }
  void close() override {
    if (!std::exchange(open_, false) || !transport_.switchboard_) return;
    transport_.switchboard_->stop_listening(local_);
  }

 private:
  QuicTransport& transport_;
  Endpoint local_;
  Multiaddr address_;
  bool open_ = true;
};

QuicTransport::QuicTransport(Env& env, const PrivateKey& host_key, const SwitchboardLimits& limits)
    : env_(env), host_key_(host_key), limits_(limits) {}

QuicTransport::~QuicTransport() = default;

Switchboard& QuicTransport::switchboard() {
  if (!switchboard_) {
    const auto certificate = tls::make_certificate(host_key_, env_.clock.wall_now(), env_.random);
    switchboard_ =
        std::make_unique<Switchboard>(env_.executor, env_.clock, env_.random, certificate, limits_);
    if (half_open_ != nullptr) switchboard_->account(*half_open_, unread_);
    if (qlog_) switchboard_->log_to(qlog_);
    switchboard_->on_stray = [this](const Datagram& datagram, const Endpoint& local) {
      strays_.emit(datagram, local);
    };
  }
  return *switchboard_;
}

bool QuicTransport::handles(const Multiaddr& address) const {
  return endpoint_of(address).has_value();
}

Task<UpgradedConnection> QuicTransport::dial(Multiaddr address, PeerId peer) {
  if (closed_) throw_error(Errc::kClosed);
  const Endpoint remote = value_or_throw(endpoint_of(address), address.to_string());
  if (!switchboard().can_reach(remote)) {
    const Endpoint any{any_of_family(remote), 0};
    switchboard().add_socket(value_or_throw(env_.network.bind_udp(any)));
  }
  auto connection = co_await switchboard().dial(remote, std::move(peer));
  co_return upgraded(std::move(connection), Direction::kOutbound);
}

Result<std::unique_ptr<MuxedListener>> QuicTransport::listen(const Multiaddr& address, Doorman doorman) {
  if (closed_) return fail(Errc::kClosed);
  const auto wanted = endpoint_of(address);
  if (!wanted) return fail(wanted.error());
  Endpoint local = *wanted;
  const Switchboard::Doorman by_endpoint{
      .greet = [doorman](const Endpoint& from) { return doorman.greet(multiaddr_of(from)); },
      .turned_away = [doorman](const Endpoint& from,
                               std::error_code why) { doorman.turned_away(multiaddr_of(from), why); }};
  auto listening = switchboard().listen(local, by_endpoint);
  if (!listening && listening.error() == Errc::kNotFound) {
    auto socket = env_.network.bind_udp(local);
    if (!socket) return fail(socket.error());
    local = (*socket)->local_endpoint();
    switchboard().add_socket(std::move(*socket));
    listening = switchboard().listen(local, by_endpoint);
  }
  if (!listening) return fail(listening.error());
  return std::make_unique<QuicListener>(*this, local);
}

std::vector<Endpoint> QuicTransport::endpoints() const {
  return switchboard_ ? switchboard_->listening() : std::vector<Endpoint>();
}

Task<void> QuicTransport::send(Endpoint local, Endpoint remote, Bytes payload) {
  if (closed_) throw_error(Errc::kClosed);
  if (!switchboard_) throw_error(Errc::kNotFound, local.to_string());
  co_await switchboard_->send_stray(local, remote, std::move(payload));
}

Task<void> QuicTransport::knock(Multiaddr address) {
  if (closed_) throw_error(Errc::kClosed);
  const Endpoint remote = value_or_throw(endpoint_of(address), address.to_string());
  if (!switchboard_) throw_error(Errc::kNoTransport);
  co_await switchboard_->knock(remote);
}

Result<> QuicTransport::adopt(std::unique_ptr<DatagramSocket> socket, Endpoint remote) {
  if (closed_) return fail(Errc::kClosed);
  return switchboard().adopt(std::move(socket), remote);
}

void QuicTransport::network_changed() {
  if (switchboard_) switchboard_->network_changed(env_.network.interface_addresses());
}

Task<void> QuicTransport::close() {
  closed_ = true;
  if (switchboard_) co_await switchboard_->close();
}

}  // namespace warren::quic
