#include "warren/swarm/dialer.hpp"

#include "warren/async/as_result.hpp"
#include "warren/swarm/circuit_path.hpp"
#include "warren/swarm/dial_collision.hpp"
#include "warren/swarm/dns_addresses.hpp"
#include "warren/swarm/interface_addresses.hpp"
#include "warren/swarm/metered_stream.hpp"
#include "warren/swarm/security_proposals.hpp"

namespace warren {

namespace {

// Counts a path as working once a connection is there, whatever is said over it, and as not working when the
// attempt ends before.
class PathResult {
 public:
  PathResult(BlackHoleDetector& detector, Multiaddr address)
      : detector_(detector), address_(std::move(address)) {}
  PathResult(const PathResult&) = delete;
  PathResult& operator=(const PathResult&) = delete;
  ~PathResult() { detector_.record(address_, reached_); }
  void set_reached() { reached_ = true; }

 private:
  BlackHoleDetector& detector_;
  Multiaddr address_;
  bool reached_ = false;
};

// How long a relay's address is worth knowing that came with a circuit through it.
constexpr Duration kRelayAddressLife = 1h;

// Those left out are told, but count as nobody's failure.
bool leave_out_circuits(std::vector<Multiaddr>& addresses, DialError& left_out) {
  const auto erased = std::erase_if(addresses, [&](const Multiaddr& address) {
    if (is_circuit(address)) left_out.note(address, "a direct path was asked for");
    return is_circuit(address);
  });
  return erased > 0;
}

std::string backoff_text(Duration left) {
  return "in back-off for " + std::to_string(std::chrono::ceil<std::chrono::seconds>(left).count()) +
         " s more";
}

}  // namespace

Dialer::Dialer(Env& env, SwarmState& state, const Gate& gate, Upgrader& upgrader,
               const Transports& transports, Peerstore& peerstore)
    : env_(env),
      state_(state),
      gate_(gate),
      upgrader_(upgrader),
      transports_(transports),
      peerstore_(peerstore),
      rate_(env.clock, state.table[&SwarmLimits::dials_per_second_max]) {}

void Dialer::network_changed() {
  backoff_.clear();
  black_holes_.reset();
}

Task<std::expected<UpgradedConnection, DialError>> Dialer::dial(PeerInfo peer,
                                                                std::vector<Multiaddr> listening,
                                                                DialScope scope) {
  if (peer.addresses.empty()) co_return std::unexpected(DialError{Errc::kNoAddresses, {}});
  const Duration patience = scope == DialScope::kBetterPath
                                ? std::min(kBetterPathTime, state_.limits.dial_timeout)
                                : state_.limits.dial_timeout;
  const Instant deadline = env_.clock.now() + patience;
  DialError failures;
  listening_ = listening;
  std::vector<Multiaddr> addresses = co_await resolve(peer, failures);
  const auto interfaces = env_.network.interface_addresses();
  const auto local = LocalNetwork::of(interfaces, concrete_addresses(listening, interfaces));
  DialError left_out;
  const bool only_relayed = scope != DialScope::kAll && leave_out_circuits(addresses, left_out);
  DialRace race(env_, plan(peer.id, addresses, local, scope, left_out), deadline,
                [this, id = peer.id, deadline](Multiaddr address) {
                  return try_address(std::move(address), id, deadline);
                });
  auto upgraded = co_await race.run();
  if (upgraded) {
    for (const Multiaddr& address : race.not_begun()) failures.note(address, "another address was faster");
  } else {
    for (const DialReport& report : race.reports()) failures.add(report);
    for (const Multiaddr& address : race.not_begun()) failures.note(address, "no time was left");
  }
  failures.add(left_out);
  note(peer.id, race.reports());
  tell(peer.id, race.reports(), failures.left_out);
  update_backoff(peer.id, race.reports(), upgraded ? &*upgraded : nullptr);
  if (upgraded) co_return std::move(*upgraded);
  if (!failures.code) failures.code = only_relayed ? Errc::kNoDirectPath : Errc::kNoAddresses;
  if (race.timed_out()) failures.code = Errc::kTimedOut;
  co_return std::unexpected(std::move(failures));
}

Task<std::vector<Multiaddr>> Dialer::resolve(PeerInfo peer, DialError& failures) {
  if (std::ranges::none_of(peer.addresses, begins_with_name)) co_return std::move(peer.addresses);
  if (env_.resolver == nullptr) {
    std::vector<Multiaddr> addresses;
    for (Multiaddr& address : peer.addresses) {
      if (begins_with_name(address)) {
        failures.add(address, Errc::kUnsupported, "this node cannot resolve names");
      } else {
        addresses.push_back(std::move(address));
      }
    }
    co_return addresses;
  }
  DnsLimits limits;
  limits.time_max = std::min(limits.time_max, state_.limits.dial_timeout);
  DnsExpansion expansion = co_await expand_names(env_.executor, env_.clock, *env_.resolver, peer.id,
                                                 std::move(peer.addresses), limits);
  for (const auto& failure : expansion.failures) failures.add(failure.address, failure.error);
  co_return std::move(expansion.addresses);
}

std::vector<Multiaddr> Dialer::permitted(const PeerId& peer, const std::vector<Multiaddr>& addresses,
                                         const LocalNetwork& local, DialError& left_out) const {
  const std::vector<Multiaddr> dialable = dialable_addresses(addresses, local);
  std::vector<Multiaddr> permitted;
  for (const Multiaddr& address : dialable) {
    const std::string unusable =
        is_circuit(address) ? unusable_circuit(address, peer, state_.self) : std::string();
    if (!unusable.empty()) {
      left_out.note(address, unusable);
    } else if (!transports_.handle(address)) {
      left_out.add(address, Errc::kNoTransport);
    } else if (gate_.is_denied(peer, address)) {
      left_out.add(address, Errc::kDenied);
    } else {
      permitted.push_back(address);
    }
  }
  for (const Multiaddr& given : addresses) {
    if (std::ranges::find(dialable, without_peer(given)) == dialable.end())
      left_out.note(given, "cannot be dialed from here, or leads where another one does");
  }
  return permitted;
}

std::vector<Multiaddr> Dialer::one_circuit_each(std::vector<Multiaddr> addresses, DialError& left_out) {
  std::vector<PeerId> relays;
  const Instant expires = env_.clock.now() + kRelayAddressLife;
  std::erase_if(addresses, [&](const Multiaddr& address) {
    if (!is_circuit(address)) return false;
    const PeerId relay = *relay_of(address);
    if (const Multiaddr direct = relay_address_of(address); !direct.empty())
      peerstore_.add_addresses(relay, {direct}, AddressSource::kReported, expires);
    const bool known = std::ranges::find(relays, relay) != relays.end();
    if (known) left_out.note(address, "leads through the same relay as another one");
    if (!known) relays.push_back(relay);
    return known;
  });
  return addresses;
}

std::vector<Multiaddr> Dialer::without_backoff(const PeerId& peer, std::vector<Multiaddr> addresses,
                                               DialScope scope, DialError& left_out) const {
  const Instant now = env_.clock.now();
  const auto until = [&](const Multiaddr& address) { return backoff_.until(peer, address); };
  if (addresses.empty()) return addresses;
  const Multiaddr soonest = *std::ranges::min_element(addresses, {}, until);
  std::erase_if(addresses, [&](const Multiaddr& address) {
    if (until(address) <= now || (address == soonest && scope != DialScope::kBetterPath)) return false;
    left_out.add(address, Errc::kUnreachable, backoff_text(until(address) - now));
    return true;
  });
  return addresses;
}

std::vector<DialAttempt> Dialer::plan(const PeerId& peer, const std::vector<Multiaddr>& addresses,
                                      const LocalNetwork& local, DialScope scope, DialError& left_out) {
  const auto filtered =
      black_holes_.filter(one_circuit_each(permitted(peer, addresses, local, left_out), left_out));
  for (const Multiaddr& address : filtered.refused)
    left_out.add(address, Errc::kUnreachable, "this network seems to swallow all of its kind (black hole)");
  const std::vector<Multiaddr> chosen = without_backoff(peer, filtered.allowed, scope, left_out);
  Limit& limit = state_.table[&SwarmLimits::dial_addresses_max];
  limit.set_used(std::max<std::uint64_t>(limit.used(), std::min<std::uint64_t>(chosen.size(), limit.max())));
  if (chosen.size() > limit.max()) {
    limit.refuse();
    if (limit.max() == 0) left_out.code = Errc::kLimitReached;
    left_out.note("further addresses", std::string(limit.knob()));
  }
  auto attempts = plan_dials(chosen, local, limit.max());
  for (const Multiaddr& address : chosen) {
    if (std::ranges::find(attempts, address, &DialAttempt::address) == attempts.end())
      left_out.left_out.push_back({address, Errc::kLimitReached, std::string(limit.knob())});
  }
  return attempts;
}

void Dialer::tell(const PeerId& peer, const std::vector<DialReport>& reports,
                  const std::vector<LeftOut>& left_out) const {
  for (const DialReport& report : reports) {
    state_.events.dialed.emit(DialOutcome{.peer = peer,
                                          .address = report.address,
                                          .began = report.began,
                                          .took = report.took,
                                          .error = report.code,
                                          .won = report.won,
                                          .why = report.why});
  }
  for (const LeftOut& address : left_out) {
    state_.events.dialed.emit(DialOutcome{
        .peer = peer, .address = address.address, .began = {}, .error = address.code, .why = address.why});
  }
}

void Dialer::note(const PeerId& peer, const std::vector<DialReport>& reports) const {
  for (const DialReport& report : reports) {
    if (report.won || (report.code && report.code != Errc::kLimitReached))
      peerstore_.note_dial(peer, report.address, report.won, report.began + report.took);
  }
}

// What our own limits have ended says nothing of the address. After a direct success nothing speaks against
// the other addresses: they may serve another day; after a relayed one, what the direct ones did still does.
void Dialer::update_backoff(const PeerId& peer, const std::vector<DialReport>& reports,
                            const UpgradedConnection* upgraded) {
  if (upgraded != nullptr && !is_circuit(upgraded->remote)) return backoff_.clear(peer);
  if (upgraded != nullptr) backoff_.clear_circuits(peer);
  for (const DialReport& report : reports) {
    if (report.code && report.code != Errc::kLimitReached)
      backoff_.add_failure(peer, report.address, report.began + report.took);
  }
}

Task<UpgradedConnection> Dialer::try_address(Multiaddr address, PeerId peer, Instant deadline) {
  co_await wait_turn(deadline);
  const bool muxed = transports_.muxed_for(address) != nullptr;
  auto attempt = muxed ? dial_muxed(std::move(address), std::move(peer))
                       : dial_pipe(std::move(address), std::move(peer), deadline);
  auto upgraded = co_await with_timeout(env_.clock, state_.limits.dial_attempt_timeout, std::move(attempt));
  co_return upgraded;
}

// Who would begin too late to end in time need not wait.
Task<void> Dialer::wait_turn(Instant deadline) {
  const Duration left = deadline - env_.clock.now();
  return rate_.wait_turn(std::min(left, state_.limits.dial_attempt_timeout));
}

Task<UpgradedConnection> Dialer::dial_muxed(Multiaddr address, PeerId peer) {
  const Instant began = env_.clock.now();
  PathResult path(black_holes_, address);
  auto upgraded = co_await as_result(transports_.muxed_for(address)->dial(address, std::move(peer)));
  const bool silence =
      !upgraded && (upgraded.error() == Errc::kTimedOut || upgraded.error() == Errc::kUnreachable);
  if (!silence) path.set_reached();
  if (!upgraded) throw_error(upgraded.error());
  state_.counters.handshakes_outbound.add(env_.clock.now() - began);
  co_return std::move(*upgraded);
}

Task<UpgradedConnection> Dialer::dial_pipe(Multiaddr address, PeerId peer, Instant deadline) {
  Transport* const transport = transports_.pipe_for(address);
  const std::vector<ProtocolId> proposals = security_proposals(upgrader_.securities(), peerstore_, peer);
  PathResult path(black_holes_, address);
  const bool relayed = is_circuit(address);
  const Multiaddr target = relayed ? address.with(Protocol::kP2p, peer.bytes()) : address;
  int collisions = 0;
  for (std::size_t i = 0;;) {
    auto raw = co_await transport->dial(target);
    path.set_reached();
    if (relayed) raw.remote = address;
    const Multiaddr local = raw.local;
    auto upgraded = co_await as_result(upgrade(std::move(raw), peer, proposals[i]));
    if (upgraded) {
      remember(peer, upgraded->security);
      co_return std::move(*upgraded);
    }
    if (collisions < kCollisionsMax && looks_like_collision(upgraded.error(), local, listening_)) {
      ++collisions;
      co_await env_.clock.sleep_for(collision_pause(env_.random));
    } else if (upgraded.error() == Errc::kSecurityNotSupported && i + 1 < proposals.size()) {
      ++i;
      ++state_.counters.security_redials;
    } else {
      throw_error(upgraded.error());
    }
    co_await wait_turn(deadline);
  }
}

Task<UpgradedConnection> Dialer::upgrade(RawConnection raw, PeerId peer, ProtocolId security) {
  const Instant began = env_.clock.now();
  // What goes over a circuit is counted where it leaves this machine: on the connection to the relay.
  if (!is_circuit(raw.remote)) raw.stream = metered(std::move(raw.stream), state_.counters);
  auto upgraded = co_await upgrader_.upgrade_outbound(std::move(raw), std::move(peer), std::move(security));
  state_.counters.handshakes_outbound.add(env_.clock.now() - began);
  co_return upgraded;
}

void Dialer::remember(const PeerId& peer, const ProtocolId& security) {
  const ProtocolId known = peerstore_.security(peer).value_or(upgrader_.securities().front());
  if (security != known) peerstore_.set_security(peer, security);
}

}  // namespace warren
