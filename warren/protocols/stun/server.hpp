// The serving side of STUN: answers Binding requests at the sockets that QUIC listens on and at an alternate
// port of each, from the address that was asked; and does favours to connected peers (probe_message.hpp).
// https://www.rfc-editor.org/rfc/rfc8489#section-6.3.1, https://www.rfc-editor.org/rfc/rfc5780#section-6
#pragma once

#include <deque>
#include <memory>

#include "warren/async/task_group.hpp"
#include "warren/core/host.hpp"
#include "warren/core/shared_sockets.hpp"
#include "warren/protocols/stun/answering.hpp"
#include "warren/protocols/stun/probe_message.hpp"

namespace warren::stun {

// For reading a request of a peer, and for its farewell.
inline constexpr Duration kProbeTimeout = 5s;
// The alternate port is that of QUIC and so much, when it is free. The next ones are those of other nodes of
// the machine, as people number them.
inline constexpr std::uint16_t kAlternateOffset = 10'000;
// Datagrams that wait for their socket; further ones are lost.
inline constexpr std::size_t kOutgoingMax = 64;

class Server {
 public:
  // Serves from start() to close(), and again after another start(). Host, sockets and limits (answers in a
  // second: of all, and of these of one address) outlive it.
  Server(Host& host, SharedSockets& sockets, Limit& answers, Limit& answers_per_ip);

  void start();
  Task<void> close();

  // Where the alternate ports are.
  std::vector<Endpoint> alternates() const;
  const Answering& answering() const { return answering_; }

 private:
  // The second socket beside one that QUIC listens on.
  struct Alternate {
    Endpoint primary;
    std::unique_ptr<DatagramSocket> socket;
  };
  struct Outgoing {
    bool alternate = false;
    Endpoint local;  // of the primary socket, and with the address to send from
    Endpoint remote;
    Bytes bytes;
  };

  // Opens an alternate port beside each socket that has none yet, and looks at the machine's addresses.
  void refresh();
  const Alternate* alternate_of(const Endpoint& primary) const;
  // Another address of ours of the same scope, which a socket that is bound to `bound` can send from.
  std::optional<IpAddress> second_address(const IpAddress& asked, const IpAddress& bound) const;
  void on_datagram(const Datagram& datagram, const Endpoint& primary, bool alternate);
  void send(Outgoing outgoing);
  std::vector<Offer> offers_to(const Connection& connection) const;
  ProbeStatus probe(const Connection& connection, const ProbeRequest::Probe& probe);

  Task<void> receive_loop(const Alternate& alternate);
  Task<void> send_loop();
  Task<void> send_one(Outgoing outgoing);
  Task<void> serve(ConnectionPtr connection, StreamPtr stream);

  Host& host_;
  SharedSockets& sockets_;
  Answering answering_;
  std::vector<std::unique_ptr<Alternate>> alternates_;
  std::vector<IpAddress> own_;
  std::deque<Outgoing> outgoing_;
  Event outgoing_changed_;
  std::vector<Subscription> subscriptions_;
  std::unique_ptr<TaskGroup> tasks_;  // while it serves
};

}  // namespace warren::stun
