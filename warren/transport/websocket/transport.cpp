#include "warren/transport/websocket/transport.hpp"

#include "warren/transport/websocket/accepted_pipe.hpp"
#include "warren/transport/websocket/address.hpp"
#include "warren/transport/websocket/upgrade.hpp"

namespace warren::websocket {

namespace {

Multiaddr multiaddr_of(const Endpoint& endpoint, bool secure) {
  return Address{.endpoint = endpoint, .secure = secure, .name = {}}.to_multiaddr();
}

}  // namespace

class WebsocketTransport::Listener final : public TransportListener {
 public:
  Listener(WebsocketTransport& transport, std::unique_ptr<TcpListener> listener, Address address)
      : transport_(transport), listener_(std::move(listener)), local_(std::move(address)) {
    local_.endpoint = listener_->local_endpoint();
    address_ = local_.to_multiaddr();
  }

  Task<RawConnection> accept() override {
    auto stream = co_await listener_->accept();
    Address local = local_;
    local.endpoint = stream->local_endpoint();
    Multiaddr remote = multiaddr_of(stream->remote_endpoint(), local_.secure);
    tls::WebServer* tls = local_.secure ? &*transport_.server_ : nullptr;
    // Files that are bad now are in the log; the certificate that was good before still serves.
    if (tls != nullptr) std::ignore = tls->refresh();
    auto pipe = std::make_unique<AcceptedPipe>(std::move(stream), tls, transport_.pool_, transport_.env_);
    co_return RawConnection{std::move(pipe), local.to_multiaddr(), std::move(remote)};
  }
  const Multiaddr& address() const override { return address_; }
  void close() override { listener_->close(); }

 private:
  WebsocketTransport& transport_;
  std::unique_ptr<TcpListener> listener_;
  Address local_;
  Multiaddr address_;
};

WebsocketTransport::WebsocketTransport(Env& env, WebsocketConfig config)
    : env_(env), client_(std::move(config.authorities), env.clock) {
  if (config.tls) server_.emplace(std::move(*config.tls), env.clock);
}

WebsocketTransport::~WebsocketTransport() = default;

bool WebsocketTransport::handles(const Multiaddr& address) const {
  return Address::of(address).has_value();
}

Task<RawConnection> WebsocketTransport::dial(Multiaddr address) {
  const Address remote = value_or_throw(Address::of(address), address.to_string());
  auto tcp = co_await env_.network.connect_tcp(remote.endpoint, std::nullopt);
  Multiaddr local = multiaddr_of(tcp->local_endpoint(), remote.secure);
  StreamPtr pipe = std::move(tcp);
  if (remote.secure) {
    auto secured = value_or_throw(client_.secure(std::move(pipe), remote.host()), remote.host());
    co_await secured->shake_hands();
    pipe = std::move(secured);
  }
  Bytes early = co_await ask_for_websocket(*pipe, remote.host_header(), env_.random);
  auto stream = std::make_unique<WebsocketStream>(std::move(pipe), Side::kInitiator, std::move(early), pool_,
                                                  env_.clock, env_.random);
  co_return RawConnection{std::move(stream), std::move(local), std::move(address)};
}

Result<std::unique_ptr<TransportListener>> WebsocketTransport::listen(const Multiaddr& address) {
  auto local = Address::of(address);
  if (!local) return fail(local.error());
  if (local->secure) {
    if (!server_) return fail(Errc::kNoCertificate);
    if (const auto good = server_->refresh(); !good) return fail(good.error());
  }
  auto listener = env_.network.listen_tcp(local->endpoint);
  if (!listener) return fail(listener.error());
  return std::make_unique<Listener>(*this, std::move(*listener), std::move(*local));
}

}  // namespace warren::websocket
