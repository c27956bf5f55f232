#include "warren/protocols/spray/spray_round.hpp"

#include <algorithm>
#include <utility>

#include "warren/async/as_result.hpp"
#include "warren/async/cancellation.hpp"
#include "warren/base/log.hpp"
#include "warren/core/circuit.hpp"
#include "warren/env/clock.hpp"
#include "warren/protocols/spray/target.hpp"

namespace warren::spray {

SprayRound::SprayRound(Host& host, PunchDialer& dialer, SharedSockets& sockets, SprayBudget& budget,
                       ByteStream& stream, const Endpoint& local, Pact pact)
    : host_(host),
      dialer_(dialer),
      sockets_(sockets),
      stream_(stream),
      pact_(std::move(pact)),
      tasks_(host.env().executor, "spray") {
  if (pact_.ours == Role::kOpens) {
    openers_.emplace(host.env(), budget, local.address, pact_.probing, pact_.secret, [this] { wake(); });
  } else {
    prober_.emplace(host.env(), sockets, budget, local, pact_.opening, pact_.secret);
  }
}

Task<std::optional<Failure>> SprayRound::run() {
  std::optional<Failure> failed = co_await finally(go(), clean_up());
  co_return failed;
}

Task<void> SprayRound::clean_up() {
  connected_.reset();
  co_await tasks_.close();
  if (openers_) co_await openers_->close();
}

Task<std::optional<Failure>> SprayRound::go() {
  connected_ = host_.events().connected.subscribe([this](const ConnectionPtr& connection) {
    if (connection->remote_peer() == pact_.peer) wake();
  });
  tasks_.spawn(hear_peer());
  if (openers_) tasks_.spawn(openers_->run());
  if (prober_) tasks_.spawn(prober_->run());
  std::optional<Failure> failed = co_await meet();
  co_await say_end(failed);
  co_return failed;
}

Task<std::optional<Failure>> SprayRound::meet() {
  Clock& clock = host_.env().clock;
  while (true) {
    if (is_direct()) co_return std::nullopt;
    const Instant until = std::min(pact_.deadline, peer_ended_.value_or(pact_.deadline));
    if (clock.now() >= until) co_return failure();
    auto hit = openers_ ? openers_->take_hit() : std::nullopt;
    if (hit) {
      co_await try_hit(std::move(*hit));
    } else {
      co_await race(changed_.wait(), clock.sleep_until(until));
    }
  }
}

bool SprayRound::is_direct() const {
  return std::ranges::any_of(host_.connections(pact_.peer), [](const ConnectionPtr& connection) {
    const bool works = connection->is_open() && !connection->health().is_suspect;
    return works && !is_circuit(connection->remote_address());
  });
}

Task<Result<>> SprayRound::answer(DatagramSocket* socket, Endpoint to) {
  const auto set = socket->set_hop_limit(kUsualHops);
  if (!set) co_return fail(set.error());
  const Bytes bytes = encode_probe(pact_.secret, ProbeKind::kAnswer);
  Result<> sent = co_await as_result(
      socket->send(socket->local_endpoint().address, to, bytes, bytes.size(), Ecn::kNotCapable));
  co_return sent;
}

Task<void> SprayRound::try_hit(Openers::Hit hit) {
  Clock& clock = host_.env().clock;
  Result<> ready = co_await answer(hit.socket.get(), hit.from);
  if (ready) ready = sockets_.adopt(std::move(hit.socket), hit.from);
  if (!ready) {
    dial_error_ = ready.error();
    log::debug("spray", "a socket that was found is of no use: " + ready.error().message());
    co_return;
  }
  PunchCall call{.peer = pact_.peer,
                 .role = PunchRole::kClient,
                 .addresses = {quic_address(hit.from)},
                 .means = PathMeans::kSpray,
                 .time_max = std::clamp<Duration>(pact_.deadline - clock.now(), 100ms, kDialMax)};
  const PunchOutcome outcome = co_await dialer_.punch(std::move(call));
  if (!outcome.connection) dial_error_ = outcome.error;
}

// The conversation goes on until either side has come to an end.
Task<void> SprayRound::hear_peer() {
  const auto heard = co_await as_result(hear_end());
  if (!heard) {
    peer_failure_ = Failure{heard.error(), RelayReason::kSyncTimeout, "the relayed connection ended"};
  }
  const bool hopeless = heard && peer_failure_;
  peer_ended_ = host_.env().clock.now() + (hopeless ? Duration::zero() : kEndGrace);
  wake();
}

Task<void> SprayRound::hear_end() {
  const Bytes bytes = co_await read_delimited(stream_, kMessageSizeMax);
  const Message message = value_or_throw(decode(bytes), "spray");
  const End* end = std::get_if<End>(&message);
  if (end == nullptr) throw_error(Errc::kMalformed, "spray: something else where END was due");
  if (!end->direct) {
    peer_failure_ = Failure{Errc::kPunchFailed, end->reason.value_or(RelayReason::kProbesUnanswered),
                            "the peer's side of the spray came to nothing"};
  }
}

// Of no consequence if it does not arrive.
Task<void> SprayRound::say_end(std::optional<Failure> failure) {
  End end{.direct = !failure};
  if (failure) end.reason = failure->reason;
  const Bytes bytes = encode(Message(end));
  const auto said =
      co_await as_result(with_timeout(host_.env().clock, kEndGrace, write_delimited(stream_, bytes)));
  if (said) {
    const auto closed = co_await as_result(stream_.close_write());
    if (!closed) log::debug("spray", "the last word was not said: " + closed.error().message());
  }
}

Failure SprayRound::failure() const {
  const std::size_t flows = openers_ ? openers_->opened() : prober_->probed();
  const std::string what = std::to_string(flows) + (openers_ ? " sockets were opened" : " ports were probed");
  if (dial_error_) {
    return Failure{dial_error_, RelayReason::kProbesUnanswered,
                   what + ", a probe found one, and nothing came of it: " + dial_error_.message()};
  }
  if (peer_failure_) return *peer_failure_;
  const bool stinted = openers_ ? openers_->stinted() : prober_->stinted();
  if (stinted && flows < kEntriesMin) {
    return {Errc::kLimitedByBudget, RelayReason::kLimitedByBudget, "no more than " + what};
  }
  const std::string_view end =
      openers_ ? ", and no probe came"
               : (prober_->answered() ? ", and no dial followed the answer" : ", and none answered");
  return {Errc::kPunchFailed, RelayReason::kProbesUnanswered, what + std::string(end)};
}

}  // namespace warren::spray
