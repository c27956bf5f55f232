#include "warren/protocols/stun/server.hpp"

#include <algorithm>
#include <ranges>

#include "warren/async/as_result.hpp"
#include "warren/base/log.hpp"
#include "warren/core/address_scope.hpp"
#include "warren/core/farewell.hpp"
#include "warren/core/ip_address.hpp"
#include "warren/env/clock.hpp"

namespace warren::stun {

namespace {

// Where no server of note listens: a probe is not to be taken for something else.
constexpr std::uint16_t kTargetPortMin = 1024;

// A port that follows from the primary one, so that a firewall can be told; else any.
Result<std::unique_ptr<DatagramSocket>> bind_beside(Network& network, const Endpoint& primary) {
  if (primary.port <= 0xffff - kAlternateOffset) {
    const auto port = static_cast<std::uint16_t>(primary.port + kAlternateOffset);
    auto socket = network.bind_udp({primary.address, port});
    if (socket) return socket;
  }
  return network.bind_udp({primary.address, 0});
}

bool same_family(const IpAddress& a, const IpAddress& b) {
  return a.is_v4() == b.is_v4();
}

// Whether a socket that is bound to `bound` can send from that address.
bool sends_from(const IpAddress& bound, const IpAddress& address) {
  return same_family(bound, address) && (bound.is_unspecified() || bound == address);
}

}  // namespace

Server::Server(Host& host, SharedSockets& sockets, Limit& answers, Limit& answers_per_ip)
    : host_(host), sockets_(sockets), answering_(answers, answers_per_ip, host.env().clock.now()) {}

void Server::start() {
  if (tasks_) return;
  tasks_ = std::make_unique<TaskGroup>(host_.env().executor, "stun");
  subscriptions_.push_back(sockets_.strays().subscribe(
      [this](const Datagram& datagram, const Endpoint& local) { on_datagram(datagram, local, false); }));
  subscriptions_.push_back(host_.events().addresses_changed.subscribe([this] { refresh(); }));
  subscriptions_.push_back(host_.events().network_changed.subscribe([this] { refresh(); }));
  refresh();
  tasks_->spawn(send_loop());
  host_.handle(ProtocolId(kProtocol), [this](ConnectionPtr connection, StreamPtr stream) {
    return serve(std::move(connection), std::move(stream));
  });
}

Task<void> Server::close() {
  if (!tasks_) co_return;
  host_.unhandle(ProtocolId(kProtocol));
  subscriptions_.clear();
  co_await tasks_->close();
  tasks_.reset();
  alternates_.clear();
  outgoing_.clear();
}

void Server::refresh() {
  own_ = host_.env().network.interface_addresses();
  for (const Endpoint& primary : sockets_.endpoints()) {
    if (alternate_of(primary) != nullptr) continue;
    auto socket = bind_beside(host_.env().network, primary);
    if (!socket) {
      log::debug("stun", "no alternate port: " + socket.error().message());
      continue;
    }
    alternates_.push_back(std::make_unique<Alternate>(primary, std::move(*socket)));
    tasks_->spawn(receive_loop(*alternates_.back()));
  }
}

std::vector<Endpoint> Server::alternates() const {
  std::vector<Endpoint> found;
  for (const auto& each : alternates_) found.push_back(each->socket->local_endpoint());
  return found;
}

const Server::Alternate* Server::alternate_of(const Endpoint& primary) const {
  const auto found =
      std::ranges::find_if(alternates_, [&](const auto& each) { return each->primary == primary; });
  return found == alternates_.end() ? nullptr : found->get();
}

std::optional<IpAddress> Server::second_address(const IpAddress& asked, const IpAddress& bound) const {
  if (!bound.is_unspecified()) return std::nullopt;
  for (const IpAddress& own : own_) {
    const bool fits = own != asked && same_family(own, asked) && !own.is_link_local();
    if (fits && scope_of(own) == scope_of(asked)) return own;
  }
  return std::nullopt;
}

void Server::on_datagram(const Datagram& datagram, const Endpoint& primary, bool alternate) {
  const Alternate* beside = alternate_of(primary);
  const std::uint16_t alternate_port = beside != nullptr ? beside->socket->local_endpoint().port : 0;
  Answering::Asked asked{.from = datagram.from,
                         .at = {datagram.to, alternate ? alternate_port : primary.port}};
  if (beside != nullptr) {
    asked.other_port = Endpoint{datagram.to, alternate ? primary.port : alternate_port};
    asked.other_address = second_address(datagram.to, primary.address);
  }
  auto reply = answering_.answer(datagram.payload, asked, host_.env().clock.now());
  if (!reply) return;
  const IpAddress from = reply->from.address ? *asked.other_address : datagram.to;
  send({.alternate = alternate != reply->from.port,
        .local = {from, primary.port},
        .remote = datagram.from,
        .bytes = std::move(reply->bytes)});
}

void Server::send(Outgoing outgoing) {
  if (!tasks_ || outgoing_.size() >= kOutgoingMax) return;
  outgoing_.push_back(std::move(outgoing));
  outgoing_changed_.notify_all();
}

Task<void> Server::receive_loop(const Alternate& alternate) {
  while (true) {
    const std::span<const Datagram> datagrams = co_await alternate.socket->receive();
    for (const Datagram& datagram : datagrams) on_datagram(datagram, alternate.primary, true);
  }
}

Task<void> Server::send_loop() {
  while (true) {
    while (outgoing_.empty()) co_await outgoing_changed_.wait();
    Outgoing next = std::move(outgoing_.front());
    outgoing_.pop_front();
    const auto sent = co_await as_result(send_one(std::move(next)));
    if (!sent) log::debug("stun", "an answer was not sent: " + sent.error().message());
  }
}

Task<void> Server::send_one(Outgoing outgoing) {
  if (!outgoing.alternate) {
    co_await sockets_.send(outgoing.local, outgoing.remote, std::move(outgoing.bytes));
    co_return;
  }
  for (const auto& each : alternates_) {
    if (each->primary.port != outgoing.local.port) continue;
    if (!sends_from(each->primary.address, outgoing.local.address)) continue;
    co_await each->socket->send(outgoing.local.address, outgoing.remote, outgoing.bytes,
                                outgoing.bytes.size(), Ecn::kNotCapable);
    co_return;
  }
}

// --- favours to peers ---

Task<void> Server::serve(ConnectionPtr connection, StreamPtr stream) {
  Clock& clock = host_.env().clock;
  const Bytes bytes =
      co_await with_timeout(clock, kProbeTimeout, read_delimited(*stream, kProbeRequestSizeMax));
  const ProbeRequest request = value_or_throw(decode_probe_request(bytes), "stun");
  ProbeResponse response{.status = ProbeStatus::kOk, .offers = offers_to(*connection)};
  if (request.probe) response.status = probe(*connection, *request.probe);
  const Bytes encoded = encode(response);
  co_await with_timeout(clock, kProbeTimeout, write_delimited(*stream, encoded));
  co_await say_farewell(clock, *stream);
}

// For the family of the connection, the address that the peer knows leads to us, whatever it is; for the
// other one, an address of the same scope.
std::vector<Offer> Server::offers_to(const Connection& connection) const {
  std::vector<Offer> offers;
  const auto local = ip_address_of(connection.local_address());
  if (!local || connection.remote_address().has(Protocol::kP2pCircuit)) return offers;
  for (const Endpoint& primary : sockets_.endpoints()) {
    if (offers.size() >= kOffersMax) break;
    const Alternate* beside = alternate_of(primary);
    Offer offer{
        .address = std::nullopt,
        .port = primary.port,
        .alternate_port = beside != nullptr ? beside->socket->local_endpoint().port : std::uint16_t{0}};
    if (!sends_from(primary.address, *local)) {
      const auto fits = [&](const IpAddress& own) {
        return sends_from(primary.address, own) && !own.is_link_local() && scope_of(own) == scope_of(*local);
      };
      const auto own = std::ranges::find_if(own_, fits);
      if (own == own_.end()) continue;
      offer.address = *own;
    }
    offers.push_back(offer);
  }
  return offers;
}

ProbeStatus Server::probe(const Connection& connection, const ProbeRequest::Probe& probe) {
  // Anything else would make us a mirror: whoever asks gets the datagram himself.
  const Multiaddr remote = connection.remote_address();
  const bool own = !remote.has(Protocol::kP2pCircuit) && ip_address_of(remote) == probe.target.address;
  if (!own || probe.target.port < kTargetPortMin) return ProbeStatus::kRefused;
  const auto local = ip_address_of(connection.local_address());
  for (const Endpoint& primary : sockets_.endpoints()) {
    if (!local || !sends_from(primary.address, *local)) continue;
    if (probe.from_alternate && alternate_of(primary) == nullptr) continue;
    if (!answering_.may_probe(probe.target.address, host_.env().clock.now())) {
      return ProbeStatus::kRateLimited;
    }
    const Message message{.kind = Class::kIndication, .id = probe.token, .software = {}};
    send({.alternate = probe.from_alternate,
          .local = {*local, primary.port},
          .remote = probe.target,
          .bytes = encode(message)});
    return ProbeStatus::kOk;
  }
  return ProbeStatus::kUnavailable;
}

}  // namespace warren::stun
