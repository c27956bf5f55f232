// All QUIC connections over a set of UDP sockets: one socket for each address family serves for listening and
// for dialing, so that a NAT has one mapping for both. Finds the connection that a datagram is for by its
// connection ID, answers those that are for none, and pumps: sends what connections have, in turns, and wakes
// them in time.
#pragma once

#include <deque>
#include <set>

#include "warren/async/task_group.hpp"
#include "warren/base/token_bucket.hpp"
#include "warren/core/limit.hpp"
#include "warren/env/clock.hpp"
#include "warren/transport/quic/muxed.hpp"
#include "warren/transport/quic/token_cache.hpp"

namespace warren::quic {

// What strangers can make of us.
struct SwitchboardLimits {
  Limits connection;
  // Connections whose handshake is not done, or that nobody accepted yet. Each takes some 40 KiB.
  // From a quarter of them on, a client must show first that it is where it says (Retry), at one more round
  // trip.
  std::uint64_t half_open_max = 256;
  // The same from so many new ones in a second on: failed ones, as of forged first packets, leave nothing
  // half-open, but cost us the keys of a connection each.
  double unshown_per_second = 200;
  // A token of a Retry is good for so long.
  Duration retry_age_max = 10s;
  // A token that an earlier connection brought is good for so long, and so many are kept, of servers.
  Duration token_age_max = std::chrono::hours(24);
  std::size_t tokens_max = 256;
  // Version negotiations, Retries, and stateless resets in a second: strangers don't use us as a mirror.
  double answers_per_second = 500;
  std::size_t answers_max = 64;  // waiting for the socket
  // Sockets of one remote each, and how long one is kept that no connection uses.
  std::size_t adopted_max = 64;
  Duration adopted_idle_max = 10s;
  // What close() waits for the last bytes to arrive.
  Duration close_max = 1s;
};

class Switchboard {
 public:
  // Its tasks run on `executor`; the clock and `random` outlive it and its connections.
  Switchboard(const Executor& executor, Clock& clock, Random& random, const tls::CertifiedKey& key,
              const SwitchboardLimits& limits = {});
  // Closed before.
  ~Switchboard();
  Switchboard(const Switchboard&) = delete;
  Switchboard& operator=(const Switchboard&) = delete;

  // Half-open connections are taken from this limit, and no longer from one of its own; what connections
  // receive and nobody has read from those. They outlive the connections. Before the first datagram.
  void account(Limit& half_open, UnreadLimits unread) {
    half_open_ = &half_open;
    unread_ = unread;
  }

  // For each connection from now on: what takes the pieces of its qlog file, whose name says when it began,
  // and on which side.
  using QlogFactory = std::function<std::function<void(BytesView)>(std::string_view name)>;
  void log_to(QlogFactory factory) { qlog_ = std::move(factory); }

  // Takes a socket into the set, and starts to receive from it.
  void add_socket(std::unique_ptr<DatagramSocket> socket);
  // Whether one of the sockets can send there.
  bool can_reach(const Endpoint& remote) const { return socket_towards(remote) != nullptr; }
  // Takes a socket into the set that leads to `remote` only (SharedSockets::adopt). kLimitReached, kClosed;
  // kNoTransport when it is of another family.
  Result<> adopt(std::unique_ptr<DatagramSocket> socket, const Endpoint& remote);
  std::size_t adopted_count() const;

  // A connection to there, which must be this peer when given, from the socket that was adopted for it, or
  // else from one that listens, or else from any. Throws
  // kNoTransport when none can send there; kTimedOut, kPeerIdMismatch, ... (Connection::ended). Cancelable.
  Task<std::unique_ptr<QuicConnection>> dial(Endpoint remote, std::optional<PeerId> expected);

  struct Doorman {
    // Whether a stranger at this address may begin a handshake. Empty: nobody may.
    std::function<bool(const Endpoint& from)> greet;
    // A handshake came to nothing. May be empty.
    std::function<void(const Endpoint& from, std::error_code reason)> turned_away;
  };
  // From now on strangers may connect to the socket that is bound to `local`. kAddressInUse when they may
  // already; kNotFound when there is no such socket.
  Result<> listen(const Endpoint& local, Doorman doorman);
  // Not any more. Those that nobody has accepted are dropped.
  void stop_listening(const Endpoint& local);
  // The next connection that a stranger made to that socket. Throws kClosed after stop_listening() and
  // close(). Cancelable; one at a time for a socket.
  Task<std::unique_ptr<QuicConnection>> accept(Endpoint local);

  // A link came up, or an address changed: connections ask their peers at once whether they are still there,
  // and nobody is dialed any more from a socket that is bound to an address that this machine has no longer.
  void network_changed(const std::vector<IpAddress>& own);

  // Ends all connections, tells the peers, and closes the sockets. Idempotent; not cancelable.
  Task<void> close();

  // Datagrams that are not QUIC's (RFC 9443: their first two bits are 00) go there, if anywhere.
  std::function<void(const Datagram& datagram, const Endpoint& local)> on_stray{};
  // Sends one that is not QUIC's, from the socket that is bound to `local` (SharedSockets::send).
  Task<void> send_stray(Endpoint local, Endpoint remote, Bytes payload);
  // Sends datagrams of noise from a socket that listens, until it is canceled (MuxedTransport::knock). Throws
  // kNoTransport when none of those can send there, kUnreachable, kClosed.
  Task<void> knock(Endpoint remote);
  // What the sockets are bound to that strangers may connect to.
  std::vector<Endpoint> listening() const;

  std::size_t connection_count() const { return lines_.size(); }
  const Limit& half_open() const { return *half_open_; }
  // Datagrams that nothing could be made of.
  std::uint64_t ignored() const { return ignored_; }
  // Of UDP payloads.
  std::uint64_t bytes_received() const { return bytes_received_; }
  std::uint64_t bytes_sent() const { return bytes_sent_; }

 private:
  struct Socket {
    std::unique_ptr<DatagramSocket> udp;
    std::optional<Endpoint> only;  // it was adopted, and leads there
    std::size_t lines = 0;         // then: that use it
    Instant unused_since{};
    bool lost = false;  // what it is bound to is gone
    Doorman doorman;
    std::deque<std::shared_ptr<Line>> backlog;  // established, to be accepted
    Event backlog_changed;
  };
  struct Answer {
    Path path;
    Bytes bytes;
  };
  // A datagram of somebody else, who waits until it is sent.
  struct Errand {
    Answer datagram;
    bool done = false;
    std::error_code error{};
    Event changed{};
  };

  std::string qlog_name(Side side);
  Line& add_line(Side side, const Path& path, const FirstPacket* first, std::optional<PeerId> expected);
  void on_datagram(Socket& socket, const Datagram& datagram, Instant now);
  void on_stranger(Socket& socket, const PacketHeader& header, const Datagram& datagram, Instant now);
  void on_first(Socket& socket, FirstPacket first, const Path& path, const Datagram& datagram, Instant now);
  void after_receive(Line& line);
  bool may_answer(Instant now);
  void answer(const Path& path, Bytes bytes);
  void wake(Line& line);
  void settle(Line& line);
  void forget(Line& line);
  std::shared_ptr<Socket> socket_for(const Endpoint& local) const;
  Socket* socket_towards(const Endpoint& remote) const;
  void use(Socket& socket, Line& line);
  void unuse(Line& line);
  Task<void> drop_when_unused(std::shared_ptr<Socket> socket);

  Task<void> receive_loop(std::shared_ptr<Socket> socket);
  Task<void> send_loop();
  Task<void> send_answers();
  Task<void> send_errand();
  Task<std::error_code> run_errand(Path path, Bytes payload);
  Task<void> send_line(std::shared_ptr<Line> line);
  Task<Result<>> send(const Batch& batch, Line* line);
  void set_alarm(Instant at);
  Task<void> alarm(Instant at);

  Clock& clock_;
  Random& random_;
  const SwitchboardLimits limits_;
  Credentials credentials_;
  std::array<std::uint8_t, kSecretSize> secret_;
  TokenBucket answer_rate_;
  TokenBucket unshown_rate_;
  Limit own_half_open_;
  Limit* half_open_ = &own_half_open_;
  UnreadLimits unread_;

  std::vector<std::shared_ptr<Socket>> sockets_;
  std::unordered_map<Line*, std::shared_ptr<Line>> lines_;
  std::unordered_map<ConnectionId, Line*, ConnectionIdHash> by_id_;
  std::set<std::pair<Instant, Line*>> timers_;
  std::deque<std::shared_ptr<Line>> ready_;  // may have something to send
  std::deque<Answer> answers_;
  std::deque<std::shared_ptr<Errand>> errands_;
  TokenCache tokens_;
  QlogFactory qlog_;
  std::uint64_t ignored_ = 0;
  std::uint64_t bytes_received_ = 0;
  std::uint64_t bytes_sent_ = 0;
  bool closed_ = false;
  bool sends_ = false;  // while the send loop is at it

  Bytes buffer_;  // what is being sent
  Event ready_changed_;
  std::set<Instant> alarms_;  // that are set: somebody sleeps until then
  TaskGroup tasks_;
};

}  // namespace warren::quic
