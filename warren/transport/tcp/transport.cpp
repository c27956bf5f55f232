#include "warren/transport/tcp/transport.hpp"

#include "warren/transport/tcp/address.hpp"

namespace warren::tcp {

namespace {

RawConnection raw_connection(std::unique_ptr<TcpStream> stream) {
  Multiaddr local = multiaddr_of(stream->local_endpoint());
  Multiaddr remote = multiaddr_of(stream->remote_endpoint());
  return {std::move(stream), std::move(local), std::move(remote)};
}

}  // namespace

class TcpTransport::Listener final : public TransportListener {
 public:
  Listener(TcpTransport& transport, std::unique_ptr<TcpListener> listener)
      : transport_(transport),
        listener_(std::move(listener)),
        address_(multiaddr_of(listener_->local_endpoint())) {
    transport_.listening_.insert(listener_->local_endpoint());
  }
  ~Listener() override { transport_.listening_.erase(listener_->local_endpoint()); }

  Task<RawConnection> accept() override {
    auto stream = co_await listener_->accept();
    co_return raw_connection(std::move(stream));
  }
  const Multiaddr& address() const override { return address_; }
  void close() override { listener_->close(); }

 private:
  TcpTransport& transport_;
  std::unique_ptr<TcpListener> listener_;
  Multiaddr address_;
};

bool TcpTransport::handles(const Multiaddr& address) const {
  return endpoint_of(address).has_value();
}

std::optional<Endpoint> TcpTransport::dial_from(const Endpoint& remote) const {
  // From a port to the same port of the same machine, TCP would connect to itself (RFC 9293, simultaneous
  // open).
  const auto own = env_.network.interface_addresses();
  const bool to_ourselves = std::ranges::find(own, remote.address) != own.end();
  for (const Endpoint& local : listening_) {
    if (local.address.is_v4() != remote.address.is_v4()) continue;
    if (to_ourselves && local.port == remote.port) continue;
    // A listener on one address can only send from there, and loopback and the rest do not reach each other.
    if (local.address.is_unspecified() || local.address.is_loopback() == remote.address.is_loopback())
      return local;
  }
  return std::nullopt;
}

Task<RawConnection> TcpTransport::dial(Multiaddr address) {
  const Endpoint remote = value_or_throw(endpoint_of(address), address.to_string());
  auto stream = co_await env_.network.connect_tcp(remote, dial_from(remote));
  co_return raw_connection(std::move(stream));
}

Result<std::unique_ptr<TransportListener>> TcpTransport::listen(const Multiaddr& address) {
  const auto local = endpoint_of(address);
  if (!local) return fail(local.error());
  auto listener = env_.network.listen_tcp(*local);
  if (!listener) return fail(listener.error());
  return std::make_unique<Listener>(*this, std::move(*listener));
}

}  // namespace warren::tcp
