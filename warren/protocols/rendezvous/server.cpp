#include "warren/protocols/rendezvous/server.hpp"

#include "warren/env/clock.hpp"

namespace warren::rendezvous {

Server::Server(Host& host, Limit& registrations, Limit& registrations_per_peer)
    : host_(host), registrations_(host.env().random.bytes<32>(), registrations, registrations_per_peer) {}

void Server::start() {
  host_.handle(ProtocolId(kProtocol), [this](ConnectionPtr connection, StreamPtr stream) {
    return serve(std::move(connection), std::move(stream));
  });
  subscriptions_.push_back(host_.events().disconnected.subscribe([this](const ConnectionPtr& connection) {
    if (host_.connections(connection->remote_peer()).empty()) rates_.erase(connection->remote_peer());
  }));
}

Task<void> Server::close() {
  subscriptions_.clear();
  host_.unhandle(ProtocolId(kProtocol));
  co_return;
}

bool Server::within_rate(const PeerId& peer) {
  const Instant now = host_.env().clock.now();
  return rates_.try_emplace(peer, kRequestsPerSecond, kRequestsBurst, now).first->second.take(now);
}

Task<void> Server::serve(ConnectionPtr connection, StreamPtr stream) {
  Clock& clock = host_.env().clock;
  while (true) {
    const auto bytes =
        co_await with_timeout(clock, kIdleTimeout, read_delimited_or_end(*stream, kRequestSizeMax));
    if (!bytes) break;
    const Message request = value_or_throw(decode(*bytes), "rendezvous");
    const auto reply = answer(connection->remote_peer(), request);
    if (!reply) continue;
    const Bytes encoded = encode(*reply);
    co_await with_timeout(clock, kAnswerTimeout, write_delimited(*stream, encoded));
  }
  co_await stream->close_write();
}

std::optional<Message> Server::answer(const PeerId& peer, const Message& request) {
  const Instant now = host_.env().clock.now();
  const bool allowed = within_rate(peer);
  if (const auto* discover = std::get_if<Discover>(&request)) {
    if (allowed) return registrations_.discover(*discover, now);
    return DiscoverResponse{.registrations = {},
                            .cookie = {},
                            .status = Status::kUnavailable,
                            .status_text = "too many requests"};
  }
  if (const auto* add = std::get_if<Register>(&request)) {
    if (allowed) return registrations_.add(peer, *add, now);
    return RegisterResponse{.status = Status::kUnavailable, .status_text = "too many requests"};
  }
  const auto* remove = std::get_if<Unregister>(&request);
  if (remove == nullptr) throw_error(Errc::kMalformed, "an answer where a request was due");
  if (!allowed) throw_error(Errc::kRateLimited, "rendezvous");  // there is no answer to say it in
  registrations_.remove(peer, *remove, now);
  return std::nullopt;
}

}  // namespace warren::rendezvous
