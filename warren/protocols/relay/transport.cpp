#include "warren/protocols/relay/transport.hpp"

#include <algorithm>

#include "warren/core/farewell.hpp"
#include "warren/protocols/relay/circuit_address.hpp"
#include "warren/protocols/relay/circuit_stream.hpp"
#include "warren/protocols/relay/hop.hpp"

namespace warren::relay {

namespace {

Task<void> write_status(ByteStream& stream, Status status) {
  const StopMessage message{.type = StopMessage::Type::kStatus, .status = status};
  const Bytes bytes = encode(message);
  co_await write_delimited(stream, bytes);
}

// How others may reach the peer again. A relay that dialed us is not to be found where it dialed from.
Multiaddr path_of(const CircuitAddress& dialed, const Connection& relay) {
  if (!dialed.via.empty() || relay.direction() == Direction::kInbound)
    return circuit_through(dialed.via, dialed.relay);
  return circuit_through(relay.remote_address(), dialed.relay);
}

}  // namespace

ConnectionPtr direct_connection(const Host& host, const PeerId& peer) {
  for (ConnectionPtr& connection : host.connections(peer)) {
    if (connection->is_open() && !is_circuit(connection->remote_address())) return std::move(connection);
  }
  return nullptr;
}

bool CircuitTransport::handles(const Multiaddr& address) const {
  return address == any_circuit() || CircuitAddress::of(address).has_value();
}

RawConnection CircuitTransport::circuit(StreamPtr stream, Multiaddr remote,
                                        const CircuitLimits& limits) const {
  RawConnection raw{.stream = std::move(stream), .local = any_circuit(), .remote = std::move(remote)};
  Clock& clock = host_->env().clock;
  const auto budget = std::make_shared<CircuitBudget>(budget_of(limits, clock.now()));
  if (!budget->is_limited()) return raw;
  raw.stream = std::make_unique<CircuitStream>(std::move(raw.stream), budget, clock);
  raw.budget = budget;
  return raw;
}

Task<RawConnection> CircuitTransport::dial(Multiaddr address) {
  const CircuitAddress path = value_or_throw(CircuitAddress::of(address), address.to_string());
  if (!path.peer) throw_error(Errc::kBadAddress, "it does not say whom to reach through the relay");
  ConnectionPtr relay = direct_connection(*host_, path.relay);
  if (relay == nullptr) {
    PeerInfo info{.id = path.relay, .addresses = {}};
    if (!path.via.empty()) info.addresses.push_back(path.via);
    relay = co_await host_->connect_over(PathPolicy::kDirectOnly, std::move(info));
  }
  if (is_circuit(relay->remote_address())) throw_error(Errc::kNoDirectPath, "to the relay");
  StreamPtr stream = co_await relay->open_stream(ProtocolId(kHopProtocol));
  const CircuitLimits limits = co_await ask_for_circuit(*stream, *path.peer);
  co_return circuit(std::move(stream), path_of(path, *relay), limits);
}

// --- who comes ---

class CircuitTransport::CircuitListener final : public TransportListener {
 public:
  CircuitListener(CircuitTransport& transport, std::shared_ptr<Arrivals> arrivals)
      : transport_(transport), arrivals_(std::move(arrivals)), address_(any_circuit()) {}
  ~CircuitListener() override { close(); }

  const Multiaddr& address() const override { return address_; }
  void close() override {
    if (arrivals_->queue.closed()) return;
    arrivals_->queue.close();
    transport_.stop_listening();
  }
  Task<RawConnection> accept() override {
    auto arrived = co_await arrivals_->queue.receive();
    if (!arrived || arrivals_->queue.closed()) throw_error(Errc::kClosed);
    co_return std::move(*arrived);
  }

 private:
  CircuitTransport& transport_;
  std::shared_ptr<Arrivals> arrivals_;
  Multiaddr address_;
};

Result<std::unique_ptr<TransportListener>> CircuitTransport::listen(const Multiaddr& address) {
  if (address != any_circuit()) return fail(Errc::kBadAddress);
  if (arrivals_) return fail(Errc::kAddressInUse);
  arrivals_ = std::make_shared<Arrivals>();
  host_->handle(ProtocolId(kStopProtocol), [this](ConnectionPtr connection, StreamPtr stream) {
    return take(std::move(connection), std::move(stream));
  });
  return std::make_unique<CircuitListener>(*this, arrivals_);
}

void CircuitTransport::stop_listening() {
  arrivals_.reset();
  host_->unhandle(ProtocolId(kStopProtocol));
}

// Nobody relays over relays.
bool CircuitTransport::trusts(const Connection& connection) const {
  return takes_circuits_from && !is_circuit(connection.remote_address()) &&
         takes_circuits_from(connection.remote_peer());
}

Status CircuitTransport::judge(const Result<StopMessage>& asked, const Arrivals& arrivals) const {
  if (!asked) return Status::kMalformedMessage;
  if (asked->type != StopMessage::Type::kConnect) return Status::kUnexpectedMessage;
  if (!asked->peer) return Status::kMalformedMessage;
  if (asked->peer->id == host_->peer_id()) return Status::kConnectionFailed;
  const bool room = arrivals.queue.size() + arrivals.answered < kArrivalsMax;
  return room ? Status::kOk : Status::kResourceLimitExceeded;
}

Task<void> CircuitTransport::take(ConnectionPtr connection, StreamPtr stream) {
  Clock& clock = host_->env().clock;
  const auto arrivals = arrivals_;
  if (!arrivals) throw_error(Errc::kClosed);
  if (!trusts(*connection)) {
    co_await with_timeout(clock, kStopAnswerTimeout, write_status(*stream, Status::kPermissionDenied));
    co_await say_farewell(clock, *stream);
    co_return;
  }
  co_await admit(std::move(connection), std::move(stream), arrivals);
}

Task<void> CircuitTransport::admit(ConnectionPtr connection, StreamPtr stream,
                                   std::shared_ptr<Arrivals> arrivals) {
  Clock& clock = host_->env().clock;
  const Bytes bytes =
      co_await with_timeout(clock, kStopAnswerTimeout, read_delimited(*stream, kMessageSizeMax));
  const Result<StopMessage> asked = decode_stop(bytes);
  const Status status = judge(asked, *arrivals);
  if (status != Status::kOk) {
    co_await with_timeout(clock, kStopAnswerTimeout, write_status(*stream, status));
    co_await say_farewell(clock, *stream);
    co_return;
  }
  // Its place is kept while the answer is on its way.
  struct Place {
    explicit Place(std::shared_ptr<Arrivals> of) : arrivals(std::move(of)) { ++arrivals->answered; }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    ~Place() { --arrivals->answered; }
    std::shared_ptr<Arrivals> arrivals;
  };
  const Place place(arrivals);
  const Multiaddr remote = circuit_through(connection->remote_address(), connection->remote_peer());
  co_await with_timeout(clock, kStopAnswerTimeout, write_status(*stream, Status::kOk));
  if (!arrivals->queue.try_send(circuit(std::move(stream), remote, asked->limit))) throw_error(Errc::kClosed);
}

}  // namespace warren::relay
