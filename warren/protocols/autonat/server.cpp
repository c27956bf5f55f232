#include "warren/protocols/autonat/server.hpp"

#include <algorithm>
#include <tuple>

#include "warren/async/as_result.hpp"
#include "warren/core/farewell.hpp"
#include "warren/core/ip_address.hpp"
#include "warren/env/clock.hpp"
#include "warren/protocols/autonat/address_facts.hpp"

namespace warren::autonat {

namespace {

constexpr Duration kReadTimeout = 5s;
// For all the data that an address costs.
constexpr Duration kDataTimeout = 15s;
// Nobody makes us read a hundred thousand messages of a byte.
constexpr std::size_t kDataChunkMin = 100;
// For the nonce, and for the word that it has arrived.
constexpr Duration kDialBackTimeout = 5s;

bool leads_out(const IpAddress& ip) {
  return !ip.is_loopback() && !ip.is_link_local() && !ip.is_unspecified();
}

Task<void> send_nonce(ByteStream& stream, std::uint64_t nonce) {
  const Bytes message = v2::encode_dial_back(nonce);
  co_await write_delimited(stream, message);
  co_await stream.close_write();
  // The asker answers, and only then is the connection closed: else the nonce may be lost on its way. go
  // resets the stream after its answer, which over QUIC may overtake it: then the nonce is there all the
  // same.
  std::array<std::uint8_t, 16> answer;
  auto reading = stream.read_some(answer);
  const auto answered = co_await as_result(std::move(reading));
  if (!answered && answered.error() != Errc::kReset) throw_error(answered.error(), "autonat: no dial-back");
}

}  // namespace

// The one dial of a peer, and its place in the budget.
class Server::Turn {
 public:
  Turn(Server& server, PeerId peer) : server_(server), peer_(std::move(peer)) {}
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;
  ~Turn() {
    server_.budget_.end(peer_);
    if (dials_) server_.dialing_.erase(peer_);
    server_.turn_ended_.notify_all();
  }
  Task<void> begin_dial() {
    while (server_.dialing_.contains(peer_)) co_await server_.turn_ended_.wait();
    server_.dialing_.insert(peer_);
    dials_ = true;
  }

 private:
  Server& server_;
  PeerId peer_;
  bool dials_ = false;
};

Server::Server(Host& host, Host& prober, Accounts accounts, ServerOptions options)
    : host_(host), prober_(prober), options_(options), budget_(accounts.dials, accounts.dials_per_peer) {}

void Server::start() {
  // A dial goes on when the asker has gone, or nobody waits any longer.
  strays_ = prober_.events().connected.subscribe([this](const ConnectionPtr& connection) {
    if (!dialing_.contains(connection->remote_peer())) connection->close();
  });
  host_.handle(ProtocolId(v2::kDialRequestProtocol), [this](ConnectionPtr connection, StreamPtr stream) {
    return serve_v2(std::move(connection), std::move(stream));
  });
  host_.handle(ProtocolId(v1::kProtocol), [this](ConnectionPtr connection, StreamPtr stream) {
    return serve_v1(std::move(connection), std::move(stream));
  });
}

Task<void> Server::close() {
  strays_.reset();
  host_.unhandle(ProtocolId(v2::kDialRequestProtocol));
  host_.unhandle(ProtocolId(v1::kProtocol));
  co_return;
}

DialPolicy Server::policy(const Connection& asker) const {
  DialPolicy policy{.asker = asker.remote_peer(),
                    .observed = asker.remote_address(),
                    .own = prober_.env().network.interface_addresses(),
                    .private_networks = options_.private_networks,
                    .websocket = options_.websocket};
  const auto out = [](bool v4) {
    return [v4](const IpAddress& ip) { return leads_out(ip) && ip.is_v4() == v4; };
  };
  policy.ip4 = std::ranges::any_of(policy.own, out(true));
  policy.ip6 = std::ranges::any_of(policy.own, out(false));
  // A machine that shows nothing but loopback may hide its addresses.
  if (!policy.ip4 && !policy.ip6) policy.ip4 = policy.ip6 = true;
  return policy;
}

Task<Server::DialResult> Server::dial(PeerId peer, std::vector<Multiaddr> addresses) {
  ++counters_.dialed;
  // A dialer may leave an address out for reasons of its own (no transport, a black hole): that says nothing
  // of the address.
  bool tried = false;
  const auto watch = prober_.events().dialed.subscribe([&](const DialOutcome& outcome) {
    if (outcome.peer != peer || !outcome.began) return;
    tried |= std::ranges::find(addresses, without_peer_of(outcome.address)) != addresses.end();
  });
  PeerInfo target{peer, addresses};
  auto attempt = prober_.connect(std::move(target));
  auto connected =
      co_await as_result(with_timeout(prober_.env().clock, options_.dial_timeout, std::move(attempt)));
  if (!connected) {
    // The asker's own end of it has timed out: all that is known is that it does not work.
    tried |= connected.error() == Errc::kTimedOut;
    co_return DialResult{tried ? Dialed::kNotReached : Dialed::kNotTried, nullptr};
  }
  ConnectionPtr connection = std::move(*connected);
  const bool ours = std::ranges::find(addresses, connection->remote_address()) != addresses.end();
  if (!ours) {
    connection->close();
    co_return DialResult{Dialed::kNotTried, nullptr};
  }
  ++counters_.reachable;
  co_return DialResult{Dialed::kReached, std::move(connection)};
}

Task<void> Server::serve_v2(ConnectionPtr connection, StreamPtr stream) {
  Clock& clock = host_.env().clock;
  Bytes request = co_await with_timeout(clock, kReadTimeout, read_delimited(*stream, v2::kMessageSizeMax));
  const v2::Message answer = co_await answer_v2(std::move(connection), stream.get(), std::move(request));
  const Bytes encoded = v2::encode(answer);
  co_await write_delimited(*stream, encoded);
  co_await say_farewell(clock, *stream);
}

Task<v2::Message> Server::answer_v2(ConnectionPtr connection, ByteStream* stream, Bytes request) {
  Env& env = host_.env();
  const v2::Message message = value_or_throw(v2::decode(request), "autonat");
  const auto* wanted = std::get_if<v2::DialRequest>(&message);
  if (wanted == nullptr) throw_error(Errc::kMalformed, "autonat: an answer where a request was due");
  const PeerId peer = connection->remote_peer();
  const DialPolicy policy = this->policy(*connection);
  const auto from = policy.observed_ip();
  const auto choice = policy.choose(wanted->addresses);
  if (!from || !choice) {
    ++counters_.refused;
    co_return v2::DialResponse{.status = v2::ResponseStatus::kDialRefused};
  }
  const bool taken = budget_.begin(peer, *from, env.clock.now());
  if (!taken) {
    ++counters_.rejected;
    co_return v2::DialResponse{.status = v2::ResponseStatus::kRequestRejected};
  }
  Turn turn(*this, peer);
  if (choice->foreign) {
    if (!budget_.take_foreign(choice->ip, env.clock.now())) {
      ++counters_.rejected;
      co_return v2::DialResponse{.status = v2::ResponseStatus::kRequestRejected};
    }
    ++counters_.data_wanted;
    co_await take_dial_data(stream, choice->index);
    const auto most = static_cast<std::uint64_t>(options_.foreign_delay_max.count());
    co_await env.clock.sleep_for(Duration(env.random.below(most + 1)));
  }
  co_await turn.begin_dial();
  const v2::DialResponse response = co_await dial_back(peer, choice->address, choice->index, wanted->nonce);
  co_return response;
}

Task<void> Server::take_dial_data(ByteStream* stream, std::uint32_t index) {
  Env& env = host_.env();
  const std::uint64_t bytes = v2::kDialDataMin + env.random.below(v2::kDialDataMax - v2::kDialDataMin + 1);
  const Bytes request = v2::encode(v2::DialDataRequest{index, bytes});
  co_await write_delimited(*stream, request);
  const Instant deadline = env.clock.now() + kDataTimeout;
  for (std::uint64_t received = 0; received < bytes;) {
    const Bytes chunk = co_await with_timeout(env.clock, deadline - env.clock.now(),
                                              read_delimited(*stream, v2::kMessageSizeMax));
    const v2::Message message = value_or_throw(v2::decode(chunk), "autonat");
    const auto* data = std::get_if<v2::DialDataResponse>(&message);
    if (data == nullptr) throw_error(Errc::kMalformed, "autonat: something else where data was due");
    if (data->data.size() > v2::kDataChunkMax) throw_error(Errc::kTooLarge, "autonat");
    received += data->data.size();
    if (data->data.size() < kDataChunkMin && received < bytes) throw_error(Errc::kRateLimited, "autonat");
  }
}

Task<v2::DialResponse> Server::dial_back(PeerId peer, Multiaddr address, std::uint32_t index,
                                         std::uint64_t nonce) {
  v2::DialResponse response{.status = v2::ResponseStatus::kOk, .address_index = index};
  std::vector<Multiaddr> only;
  only.push_back(std::move(address));
  const DialResult result = co_await dial(std::move(peer), std::move(only));
  if (result.dialed == Dialed::kNotTried) {
    ++counters_.refused;
    co_return v2::DialResponse{.status = v2::ResponseStatus::kDialRefused};
  }
  response.dial_status = v2::DialStatus::kDialError;
  if (result.dialed == Dialed::kNotReached) co_return response;
  auto opened = co_await as_result(result.connection->open_stream(ProtocolId(v2::kDialBackProtocol)));
  response.dial_status = v2::DialStatus::kDialBackError;
  if (opened) {
    const auto sent =
        co_await as_result(with_timeout(host_.env().clock, kDialBackTimeout, send_nonce(**opened, nonce)));
    if (sent) response.dial_status = v2::DialStatus::kOk;
    opened->reset();
  }
  result.connection->close();
  co_return response;
}

Task<void> Server::serve_v1(ConnectionPtr connection, StreamPtr stream) {
  Clock& clock = host_.env().clock;
  Bytes request = co_await with_timeout(clock, kReadTimeout, read_delimited(*stream, v1::kMessageSizeMax));
  const v1::DialResponse response = co_await answer_v1(std::move(connection), std::move(request));
  const Bytes encoded = v1::encode(response);
  co_await write_delimited(*stream, encoded);
  co_await say_farewell(clock, *stream);
}

Task<v1::DialResponse> Server::answer_v1(ConnectionPtr connection, Bytes request) {
  Clock& clock = host_.env().clock;
  const v1::Message message = value_or_throw(v1::decode(request), "autonat");
  const auto* dial_request = std::get_if<v1::Dial>(&message);
  if (dial_request == nullptr) throw_error(Errc::kMalformed, "autonat: an answer where a request was due");
  const PeerId peer = connection->remote_peer();
  if (dial_request->peer && !equal(*dial_request->peer, peer.bytes()))
    co_return v1::DialResponse{v1::Status::kBadRequest, "another peer than the one who asks", {}};
  const DialPolicy policy = this->policy(*connection);
  const auto from = policy.observed_ip();
  std::vector<Multiaddr> addresses = policy.at_observed_ip(dial_request->addresses);
  if (!from || addresses.empty()) {
    ++counters_.refused;
    co_return v1::DialResponse{v1::Status::kDialRefused, "no address that would be dialed", {}};
  }
  const bool taken = budget_.begin(peer, *from, clock.now());
  if (!taken) {
    ++counters_.rejected;
    co_return v1::DialResponse{v1::Status::kDialRefused, "too many dials", {}};
  }
  Turn turn(*this, peer);
  co_await turn.begin_dial();
  const Instant began = clock.now();
  const DialResult result = co_await dial(peer, std::move(addresses));
  if (result.dialed == Dialed::kReached) {
    const Bytes reached = result.connection->remote_address().bytes();
    result.connection->close();
    co_return v1::DialResponse{v1::Status::kOk, {}, reached};
  }
  co_await clock.sleep_until(std::max(clock.now(), began + options_.v1_failure_delay));
  if (result.dialed == Dialed::kNotTried)
    co_return v1::DialResponse{v1::Status::kDialRefused, "no address that can be dialed", {}};
  co_return v1::DialResponse{v1::Status::kDialError, "dial failed", {}};
}

}  // namespace warren::autonat
