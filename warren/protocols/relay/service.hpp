// Forwards sealed bytes between peers of which one holds a reservation here, and nothing else: the service
// side of circuit relay v2. https://github.com/libp2p/specs/blob/master/relay/circuit-v2.md
#pragma once

#include <map>
#include <optional>

#include "warren/async/task_group.hpp"
#include "warren/base/token_bucket.hpp"
#include "warren/core/host.hpp"
#include "warren/protocols/relay/circuit_table.hpp"
#include "warren/protocols/relay/conversation.hpp"
#include "warren/protocols/relay/message.hpp"
#include "warren/protocols/relay/reservation_table.hpp"

namespace warren::relay {

// For a client to say what it wants, and for it to read an answer.
inline constexpr Duration kMessageTimeout = 10s;
// For the peer who is to be reached: to open a stream, send STOP CONNECT and get its answer.
inline constexpr Duration kStopTimeout = 10s;
// What one peer may ask: so much at once, then so much a second. Each reservation is a signature, each
// CONNECT bothers somebody else.
inline constexpr double kRequestsBurst = 64;
inline constexpr double kRequestsPerSecond = 16;
// A circuit that carried nothing for so long, or up to twice as long, holds small buffers only.
inline constexpr Duration kSweepInterval = 2s;
// Holders' connections are protected from making room for others (Host::protect).
inline constexpr std::string_view kReservationTag = "relay-reservation";

struct ServiceConfig {
  Duration reservation_life = std::chrono::hours(1);
  CircuitLimits circuit{.time_max = std::chrono::minutes(2), .bytes_max = 128 * 1024};  // as go-libp2p
  // Peers at private and loopback addresses are served, too: for networks of one's own.
  bool private_networks = false;
};

// The node's limits; null: no account, and the default of SwarmLimits.
struct ServiceAccounts {
  Limit* reservations = nullptr;
  Limit* reservations_per_ip = nullptr;
  Limit* reservations_per_network = nullptr;
  Limit* circuits = nullptr;
  Limit* circuits_per_peer = nullptr;
};

struct ServiceCounters {
  std::uint64_t reservations_made = 0;
  std::uint64_t reservations_refused = 0;
  std::uint64_t circuits_opened = 0;
  std::uint64_t circuits_refused = 0;
  std::uint64_t circuits_ended_by_limit = 0;
  std::uint64_t bytes_relayed = 0;
  std::size_t reservations = 0;  // now
  std::size_t circuits = 0;      // now
};

class Service {
 public:
  // Host and accounts outlive it.
  Service(Host& host, ServiceConfig config, ServiceAccounts accounts = {});
  ~Service();

  // Offers the service: peers see its protocol in identify. And takes it back: reservations end, circuits are
  // reset. May be started again.
  void start();
  Task<void> close();
  bool is_offered() const;

  // What vouchers and answers to reservations name: our public addresses, without /p2p. Empty: those of the
  // host that are not private.
  void set_addresses(std::vector<Multiaddr> addresses);

  ServiceCounters counters() const;

 private:
  Task<void> serve(ConnectionPtr connection, StreamPtr stream);
  Task<void> refuse(ByteStream& stream, Status status);
  Task<void> answer(ByteStream& stream, HopMessage message);
  // The granted reservation, or why there is none.
  std::expected<HopMessage, Status> reserve(const Connection& connection);
  Reservation reservation_for(const PeerId& peer);
  // The way to whom this CONNECT is for, or why there is none.
  std::expected<ConnectionPtr, Status> find_target(const Connection& source, const HopMessage& request);
  Task<void> connect(ConnectionPtr source, ByteStream& stream, HopMessage request, Conversation& talk);
  Task<void> connect_to(ConnectionPtr source, ConnectionPtr target, ByteStream& stream, Conversation& talk);
  Task<StreamPtr> invite(ConnectionPtr target, PeerId source, Conversation& talk);
  Task<void> relay(ByteStream& source, ByteStream& target, Conversation& talk);

  bool within_rate(const PeerId& peer);
  bool is_served_at(const Multiaddr& address) const;
  ConnectionPtr direct_connection(const PeerId& peer) const;
  void forget_if_gone(const PeerId& peer);
  void drop(const PeerId& peer);
  void expire(Instant now);
  Task<void> expire_in_time();
  Task<void> sweep_buffers();

  Host& host_;
  ServiceConfig config_;
  std::vector<Multiaddr> addresses_;
  // Used where no account was given.
  Limit own_reservations_, own_per_ip_, own_per_network_, own_circuits_, own_per_peer_;
  ReservationTable reservations_;
  CircuitTable circuits_;
  SpliceBuffers buffers_;
  ServiceCounters counters_;
  std::map<PeerId, TokenBucket> rates_;  // of connected peers
  Conversation::All conversations_;
  bool offered_ = false;
  Event changed_;  // a reservation was made, a conversation has ended
  std::vector<Subscription> subscriptions_;
  std::optional<TaskGroup> tasks_;
};

}  // namespace warren::relay
