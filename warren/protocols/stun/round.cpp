#include "warren/protocols/stun/round.hpp"

#include "warren/async/as_result.hpp"
#include "warren/async/cancellation.hpp"
#include "warren/async/race.hpp"
#include "warren/base/log.hpp"
#include "warren/core/farewell.hpp"
#include "warren/core/ip_address.hpp"
#include "warren/env/clock.hpp"

namespace warren::stun {

namespace {

Task<ProbeResponse> exchange(Clock* clock, ConnectionPtr helper, ProbeRequest request) {
  StreamPtr stream = co_await helper->open_stream(ProtocolId(kProtocol));
  const Bytes encoded = encode(request);
  co_await write_delimited(*stream, encoded);
  co_await stream->close_write();
  const Bytes answer = co_await read_delimited(*stream, kProbeResponseSizeMax);
  co_await say_farewell(*clock, *stream);
  co_return value_or_throw(decode_probe_response(answer), "stun");
}

}  // namespace

Round::Round(Host& host, SharedSockets& sockets, const Endpoint& local, std::vector<ConnectionPtr> helpers)
    : host_(host),
      sockets_(sockets),
      local_(local),
      helpers_(std::move(helpers)),
      survey_(host.env().random, local, host.env().network.interface_addresses(), host.env().clock.now()),
      tasks_(host.env().executor, "stun survey") {}

Task<std::optional<NatReport>> Round::run(std::vector<Endpoint> configured) {
  co_await finally(go(std::move(configured)), tasks_.close());
  strays_.reset();
  if (!survey_.has_servers()) co_return std::nullopt;
  co_return survey_.report(host_.env().clock.now());
}

Task<void> Round::go(std::vector<Endpoint> configured) {
  Clock& clock = host_.env().clock;
  strays_ = sockets_.strays().subscribe([this](const Datagram& datagram, const Endpoint& local) {
    if (local != local_) return;
    survey_.on_datagram(Via::kListening, datagram.from, datagram.payload, host_.env().clock.now());
    wake();
  });
  if (auto socket = host_.env().network.bind_udp({local_.address, 0})) {
    probe_ = std::move(*socket);
    tasks_.spawn(receive_loop());
  }
  for (const Endpoint& server : configured) survey_.add({.primary = server}, clock.now());
  for (std::size_t helper = 0; helper < helpers_.size(); ++helper) {
    ++introductions_;
    tasks_.spawn(introduce(helper));
  }
  while (true) {
    news_ = false;
    survey_.expect_more(introductions_ > 0);
    for (Step& step : survey_.due(clock.now())) co_await do_step(std::move(step));
    if (survey_.done(clock.now())) break;
    tell_mapping();
    if (!news_) co_await race(changed_.wait(), clock.sleep_until(survey_.wake_at(clock.now())));
  }
}

// How a NAT filters takes a second to find out. Who is behind one that depends on the destination is met
// nowhere before it is known how it counts.
void Round::tell_mapping() {
  if (!on_mapped_) return;
  const NatReport report = survey_.report(host_.env().clock.now());
  if (report.mapping == Behavior::kEndpointIndependent) std::exchange(on_mapped_, nullptr)(report);
}

void Round::wake() {
  news_ = true;
  changed_.notify_all();
}

// What can't be sent is not answered, either.
Task<void> Round::do_step(Step step) {
  if (auto* asked = std::get_if<AskFavor>(&step)) {
    tasks_.spawn(favor(*asked));
    co_return;
  }
  SendDatagram& datagram = std::get<SendDatagram>(step);
  Result<> sent;
  if (datagram.via == Via::kListening) {
    sent = co_await as_result(sockets_.send(local_, datagram.to, std::move(datagram.bytes)));
  } else if (probe_) {
    sent = co_await as_result(
        probe_->send(local_.address, datagram.to, datagram.bytes, datagram.bytes.size(), Ecn::kNotCapable));
  }
  if (!sent) log::debug("stun", datagram.to.to_string() + " was not asked: " + sent.error().message());
}

Task<void> Round::receive_loop() {
  while (true) {
    const std::span<const Datagram> datagrams = co_await probe_->receive();
    for (const Datagram& datagram : datagrams) {
      survey_.on_datagram(Via::kProbe, datagram.from, datagram.payload, host_.env().clock.now());
    }
    wake();
  }
}

Task<void> Round::introduce(std::size_t helper) {
  const auto told = co_await as_result(introduced(helper));
  if (!told) log::debug("stun", "a peer that serves STUN does not say where: " + told.error().message());
  --introductions_;
  wake();
}

Task<void> Round::introduced(std::size_t helper) {
  const ConnectionPtr connection = helpers_[helper];
  // Over QUIC, the port is known, and the answer one round trip earlier there.
  const Multiaddr remote = connection->remote_address();
  const auto endpoint = endpoint_of(remote, Protocol::kUdp);
  if (endpoint && remote.has(Protocol::kQuicV1)) {
    survey_.add({.primary = *endpoint, .helper = helper}, host_.env().clock.now());
    wake();
  }
  ProbeRequest nothing;
  const ProbeResponse response = co_await ask(connection, std::move(nothing));
  for (const Offer& offer : response.offers) add_offer(*connection, helper, offer);
}

// Only the peer that is at an address sends from there.
void Round::add_offer(const Connection& connection, std::size_t helper, const Offer& offer) {
  const auto connected = ip_address_of(connection.remote_address());
  if (!connected) return;
  const IpAddress address = offer.address.value_or(*connected);
  // One that would have us send elsewhere is not to be helped: a host has one address of a family.
  if (address.is_v4() == connected->is_v4() && address != *connected) return;
  ServerInfo server{.primary = {address, offer.port}};
  if (offer.alternate_port != 0) server.alternate = Endpoint{address, offer.alternate_port};
  if (address == *connected) server.helper = helper;
  survey_.add(server, host_.env().clock.now());
}

Task<void> Round::favor(AskFavor asked) {
  ProbeRequest request{ProbeRequest::Probe{
      .token = asked.token, .target = asked.target, .from_alternate = asked.from_alternate}};
  const auto response = co_await as_result(ask(helpers_[asked.helper], std::move(request)));
  survey_.on_favor(asked.token, response && response->status == ProbeStatus::kOk);
  wake();
}

Task<ProbeResponse> Round::ask(ConnectionPtr helper, ProbeRequest request) {
  Clock& clock = host_.env().clock;
  auto asked = exchange(&clock, std::move(helper), std::move(request));
  co_return co_await with_timeout(clock, kFavorTimeout, std::move(asked));
}

}  // namespace warren::stun
