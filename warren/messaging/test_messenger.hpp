// Test support: a host that speaks all protocols of messaging, with its stores in memory; and a peer that
// says whatever a test likes.
#pragma once

#include <optional>

#include "warren/messaging/bodies.hpp"
#include "warren/messaging/messaging.hpp"
#include "warren/messaging/test_host.hpp"
#include "warren/messaging/test_keys.hpp"
#include "warren/storage/sqlite_binding_store.hpp"
#include "warren/storage/sqlite_inbox.hpp"

namespace warren::test {

struct Messenger {
  Messenger(TestNetwork& network, std::uint8_t number, MessagingConfig config = {},
            std::chrono::milliseconds skew = {}, InboxLimits inbox_limits = {})
      : host(network, peer_key(number), skew),
        number(number),
        config(std::move(config)),
        inbox(value_or_throw(SqliteInbox::open(":memory:", inbox_limits))),
        bindings(value_or_throw(SqliteBindingStore::open(":memory:"))) {
    start();
  }

  void start() {
    messaging.emplace(host, sm2_key(number), config, *inbox, *bindings);
    messaging->start();
    refusals =
        messaging->on_refused([this](const MessageRefusal& refusal) { refused.push_back(refusal.reason); });
    deliveries = messaging->on_message([this](const InboxMessage& message) { delivered.push_back(message); });
  }

  // The process ends; its stores and its peer key stay.
  Task<void> stop() {
    co_await messaging->close();
    co_await host.close();
    refusals.reset();
    deliveries.reset();
    messaging.reset();
  }

  NodeId node() const { return NodeId(sm2_key(number).public_key()); }
  PeerInfo info() const { return {host.peer_id(), {}}; }
  std::vector<InboxMessage> stored() const { return value_or_throw(inbox->read_after(0, 10'000)); }

  TestHost host;
  std::uint8_t number;
  MessagingConfig config;
  std::unique_ptr<SqliteInbox> inbox;
  std::unique_ptr<SqliteBindingStore> bindings;
  std::optional<Messaging> messaging;
  std::vector<std::error_code> refused;
  std::vector<InboxMessage> delivered;
  Subscription refusals;
  Subscription deliveries;
};

inline Task<void> stop_both(Messenger& a, Messenger& b) {
  co_await a.stop();
  co_await b.stop();
}

// A service that sends back what it is asked.
inline Task<Bytes> echo(ServiceCall call) {
  co_return std::move(call.payload);
}

// Has keys, and no manners.
struct RawPeer {
  RawPeer(TestNetwork& network, std::uint8_t number) : host(network, peer_key(number)), number(number) {}

  Binding binding() {
    const WallTime now = host.env().clock.wall_now();
    return {.network = "main",
            .node = NodeId(sm2_key(number).public_key()),
            .peer_key = host.key().public_key(),
            .serial = static_cast<std::uint64_t>(unix_ms(now)),
            .not_before = now,
            .not_after = now + std::chrono::days(1)};
  }
  PeerInfo info() const { return {host.peer_id(), {}}; }
  Bytes signed_binding() { return SignedBinding::make(binding(), sm2_key(number), host.key()).encode(); }

  // A good header to this node; each has a fresh nonce and number.
  Header header(const NodeId& to, std::string_view protocol = "/warren/message/1.0.0") {
    Header header{.sender = sm2_key(number).public_key().compressed(),
                  .recipient = to.key_bytes(),
                  .context = make_context("main", protocol),
                  .timestamp = host.env().clock.wall_now(),
                  .nonce = host.env().random.bytes<16>(),
                  .seq = ++seq};
    return header;
  }
  Envelope seal(const Header& header, std::string_view body = "hello") {
    return Envelope::seal(header, to_bytes(body), sm2_key(number));
  }

  // Writes one delimited message on a stream of this protocol and reads one.
  Task<Bytes> ask(ConnectionPtr connection, ProtocolId protocol, Bytes bytes) {
    const StreamPtr stream = co_await connection->open_stream(std::move(protocol));
    co_await write_delimited(*stream, bytes);
    co_await stream->close_write();
    co_return co_await read_delimited(*stream, 20 * 1024 * 1024);
  }
  Task<BindReply> bind(ConnectionPtr connection, Bytes signed_binding) {
    const Bytes answer = co_await ask(std::move(connection), "/warren/bind/1.0.0", std::move(signed_binding));
    co_return value_or_throw(BindReply::decode(answer));
  }
  Task<Status> send(ConnectionPtr connection, Bytes envelope) {
    const Bytes answer = co_await ask(std::move(connection), "/warren/message/1.0.0", std::move(envelope));
    co_return value_or_throw(decode_ack(answer)).status;
  }

  TestHost host;
  std::uint8_t number;
  std::uint64_t seq = 0;
};

}  // namespace warren::test
