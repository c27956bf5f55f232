#include "warren/protocols/autonat/checker.hpp"

#include <algorithm>

#include "warren/async/as_result.hpp"
#include "warren/base/log.hpp"
#include "warren/core/circuit.hpp"
#include "warren/core/ip_address.hpp"
#include "warren/core/spoken_protocol.hpp"
#include "warren/env/clock.hpp"
#include "warren/protocols/autonat/listening.hpp"
#include "warren/protocols/autonat/v1_message.hpp"
#include "warren/protocols/autonat/v2_message.hpp"

namespace warren::autonat {

namespace {

// How long to sleep when a question is due that nobody can answer now: shortly after something has happened,
// since what a new peer speaks is known a moment later, and otherwise; and when nothing is due.
constexpr Duration kShortSleep = 500ms;
constexpr Duration kAttentive = 15s;
constexpr Duration kIdleSleep = 15s;
constexpr Duration kLongSleep = 60s;
constexpr std::uint32_t kDoublingsMax = 8;

}  // namespace

Checker::Checker(Host& host, Client& client, ReachabilityBook& book, ObservedAddresses* observed)
    : host_(host),
      client_(client),
      book_(book),
      observed_(observed),
      tasks_(host.env().executor, "autonat.checker") {}

void Checker::start() {
  HostEvents& events = host_.events();
  subscriptions_.push_back(events.connected.subscribe([this](const ConnectionPtr& connection) {
    note_connection(*connection, true);
    wake();
  }));
  subscriptions_.push_back(events.disconnected.subscribe(
      [this](const ConnectionPtr& connection) { note_connection(*connection, false); }));
  subscriptions_.push_back(events.dialed.subscribe([this](const DialOutcome& outcome) {
    const auto socket = socket_of(outcome.address);
    if (outcome.began && socket) note_contact(socket->endpoint.address, socket->transport);
  }));
  subscriptions_.push_back(events.addresses_changed.subscribe([this] { offer_interfaces(); }));
  interfaces_ = host_.env().network.interface_addresses();
  subscriptions_.push_back(events.network_changed.subscribe([this] {
    // A link that goes and comes with its addresses changes nothing; what others see then is told by them.
    auto now_ours = host_.env().network.interface_addresses();
    if (std::exchange(interfaces_, now_ours) == now_ours) return;
    book_.forget_verdicts(host_.env().clock.now());
    forgotten_ = host_.env().clock.now();
    for (auto& [id, peer] : peers_) peer.not_before = Instant::min();
    tell();
  }));
  if (observed_ != nullptr)
    subscriptions_.push_back(observed_->changed().subscribe([this] { offer_observed(); }));
  for (const ConnectionPtr& connection : host_.connections()) note_connection(*connection, true);
  offer_interfaces();
  if (observed_ != nullptr) offer_observed();
  tasks_.spawn(run());
}

Task<void> Checker::close() {
  subscriptions_.clear();
  co_await tasks_.close();
}

void Checker::tell() {
  changed_.emit();
  wake();
}

void Checker::wake() {
  stirred_ = host_.env().clock.now();
  woken_.notify_all();
}

void Checker::offer_interfaces() {
  std::vector<Multiaddr> addresses = listening_addresses(host_, host_.env().network);
  std::erase_if(addresses, is_loopback);
  set(OwnSource::kInterface, addresses);
}

void Checker::offer_observed() {
  // What an interface has is known better than by hearsay; it counts as such anyway.
  set(OwnSource::kObserved, observed_->addresses());
}

void Checker::set(OwnSource source, const std::vector<Multiaddr>& addresses) {
  if (book_.set(source, addresses, host_.env().clock.now())) tell();
}

void Checker::set_configured(std::optional<Verdict> verdict) {
  book_.set_configured(verdict);
  tell();
}

void Checker::note_contact(const IpAddress& ip, Protocol transport) {
  contacts_.note(ip, transport, host_.env().clock.now());
}

void Checker::note_connection(const Connection& connection, bool open) {
  const Instant now = host_.env().clock.now();
  // A peer may have moved meanwhile (QUIC): what is closed is what was opened.
  auto socket = socket_of(connection.remote_address());
  if (const auto known = open_.find(&connection); known != open_.end()) socket = known->second;
  if (!socket) return;
  if (open)
    open_.insert_or_assign(&connection, *socket);
  else
    open_.erase(&connection);
  if (open)
    contacts_.opened(socket->endpoint.address, socket->transport, now);
  else
    contacts_.closed(socket->endpoint.address, socket->transport, now);
}

bool Checker::speaks(const PeerId& peer, std::string_view protocol) const {
  return warren::speaks(host_.peerstore(), peer, protocol).value_or(false);
}

bool Checker::is_server(const PeerId& peer) const {
  return speaks(peer, v2::kDialRequestProtocol) || speaks(peer, v1::kProtocol);
}

Checker::Peer& Checker::peer(const PeerId& id) {
  if (peers_.size() >= kPeersRememberedMax && !peers_.contains(id)) {
    const Instant now = host_.env().clock.now();
    std::erase_if(peers_,
                  [now](const auto& entry) { return !entry.second.busy && entry.second.not_before <= now; });
    const auto idle = std::ranges::find_if(peers_, [](const auto& entry) { return !entry.second.busy; });
    if (peers_.size() >= kPeersRememberedMax && idle != peers_.end()) peers_.erase(idle);
  }
  return peers_[id];
}

std::optional<Candidate> Checker::candidate(const ConnectionPtr& connection) const {
  const PeerId& id = connection->remote_peer();
  const Multiaddr remote = connection->remote_address();
  const auto ip = ip_address_of(remote);
  if (!connection->is_open() || is_circuit(remote) || !ip) return std::nullopt;
  const Instant now = host_.env().clock.now();
  const auto known = peers_.find(id);
  if (known != peers_.end() && (known->second.busy || now < known->second.not_before)) return std::nullopt;
  const bool v2 = speaks(id, v2::kDialRequestProtocol);
  if (!v2 && !speaks(id, v1::kProtocol)) return std::nullopt;
  return Candidate{.peer = id,
                   .network = network_of(*ip),
                   .contacted_udp = contacts_.contacted(*ip, Protocol::kUdp, now, now),
                   .contacted_tcp = contacts_.contacted(*ip, Protocol::kTcp, now, now),
                   .proves = v2};
}

std::vector<Candidate> Checker::candidates() const {
  std::vector<Candidate> candidates;
  for (const ConnectionPtr& connection : host_.connections()) {
    const bool known =
        std::ranges::find(candidates, connection->remote_peer(), &Candidate::peer) != candidates.end();
    if (known) continue;
    if (auto each = candidate(connection)) candidates.push_back(std::move(*each));
  }
  return candidates;
}

void Checker::ask_what_is_due() {
  const Instant now = host_.env().clock.now();
  const auto busy = [this] {
    return static_cast<std::size_t>(
        std::ranges::count_if(peers_, [](const auto& entry) { return entry.second.busy; }));
  };
  while (busy() < kQuestionsAtOnceMax) {
    const auto candidates = this->candidates();
    const auto question = book_.next_question(candidates, now);
    if (!question) return;
    const auto chosen = std::ranges::find(candidates, question->peer, &Candidate::peer);
    for (const ConnectionPtr& connection : host_.connections(question->peer)) {
      if (is_circuit(connection->remote_address())) continue;
      peer(question->peer).busy = true;
      tasks_.spawn(ask(*question, connection, chosen->proves));
      break;
    }
  }
}

Task<void> Checker::run() {
  while (true) {
    ask_what_is_due();
    co_await wait();
  }
}

Task<void> Checker::wait() {
  Clock& clock = host_.env().clock;
  const Instant now = clock.now();
  const Instant due = book_.next_due(now).value_or(Instant::max());
  const bool attentive = now < stirred_ + kAttentive;
  const Instant until = std::clamp(due, now + (attentive ? kShortSleep : kIdleSleep),
                                   now + (attentive ? kPeerInterval : kLongSleep));
  co_await race(woken_.wait(), clock.sleep_until(until));
}

Task<void> Checker::ask(Question question, ConnectionPtr server, bool proves) {
  const Instant asked = host_.env().clock.now();
  std::vector<Multiaddr> addresses;
  addresses.push_back(question.address);
  auto conversation =
      proves ? client_.ask(server, std::move(addresses)) : client_.ask_v1(server, std::move(addresses));
  const Answer answer = co_await std::move(conversation);
  take(question, server, answer, asked);
}

void Checker::take(const Question& question, const ConnectionPtr& server, const Answer& answer,
                   Instant asked) {
  const Instant now = host_.env().clock.now();
  const auto socket = socket_of(question.address);
  // v1 says neither from where it dialed, nor can it prove anything: that it was from its own IP is the
  // likely case.
  const auto home = ip_address_of(server->remote_address());
  const auto from = answer.dialed_from ? ip_address_of(*answer.dialed_from) : home;
  Report report{.finding = answer.finding,
                .by = question.peer,
                .network = home ? network_of(*home) : IpAddress(),
                .proven = answer.proven};
  report.from_stranger = from && socket && !contacts_.contacted(*from, socket->transport, asked, now);
  // A v1 server tries other addresses, too.
  const bool elsewhere = answer.address && socket_of(*answer.address) != socket;
  if (report.finding == Finding::kReachable && elsewhere) report.finding = Finding::kNothing;
  // An explicit failure is as good without a nonce, if it was about one address.
  if (report.finding == Finding::kUnreachable && answer.address) report.proven = true;
  // What went wrong between the server and us says nothing of the address, unless the server claims to have
  // dialed it, or its dial may have taken too long.
  const bool telling = answer.address || (answer.error == Errc::kTimedOut && server->is_open());
  if (answer.overloaded || (report.finding == Finding::kFailed && !telling))
    report.finding = Finding::kNothing;

  Peer& record = peer(question.peer);
  record.busy = false;
  const bool useless = answer.overloaded || answer.finding == Finding::kFailed;
  record.failures = useless ? std::min(record.failures + 1, kDoublingsMax) : 0;
  const Duration backoff = kPeerBackoff * (1U << (std::max(record.failures, 1U) - 1));
  record.not_before = now + (useless ? std::min<Duration>(backoff, kPeerBackoffMax) : kPeerInterval);
  if (answer.error)
    log::debug("autonat",
               question.peer.short_text() + " on " + question.address.to_string() + ": " + answer.why);
  // What was asked on another network says nothing of this one.
  if (asked < forgotten_) report.finding = Finding::kNothing;
  if (book_.note(question.address, report, now)) changed_.emit();
  wake();
}

}  // namespace warren::autonat
