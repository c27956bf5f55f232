#include "warren/sim/nat_model.hpp"

#include <utility>

#include "warren/sim/nat_table.hpp"

namespace warren::sim {

namespace {

using VerdictKind = NatModel::Verdict::Kind;
using Id = NatTable::Id;
using Timer = NatTable::Timer;

// RFC 5508, REQ-2: at least 60 s.
constexpr Duration kIcmpTimeout = 60s;
// One mapping may speak to many, as a node of a DHT does.
constexpr std::size_t kSessionsPerMapping = 16;
constexpr std::uint16_t kFirstPort = 1024;  // those below are not given away
constexpr int kDraws = 64;                  // before a free port is looked for in order

// An echo has one identifier and not two: no part of who the remote is.
Endpoint remote_of(NatProtocol protocol, const Endpoint& endpoint) {
  return {endpoint.address, protocol == NatProtocol::kIcmpEcho ? std::uint16_t{0} : endpoint.port};
}

// The part of a remote endpoint that the behavior depends on.
Endpoint scope_of(NatBehavior behavior, const Endpoint& remote) {
  if (behavior == NatBehavior::kEndpointIndependent) return {};
  if (behavior == NatBehavior::kAddressDependent) return {remote.address, 0};
  return remote;
}

Timer first_timer(NatProtocol protocol) {
  if (protocol == NatProtocol::kUdp) return Timer::kUdp;
  return protocol == NatProtocol::kTcp ? Timer::kTcpTransitory : Timer::kIcmp;
}

}  // namespace

struct NatModel::State {
  NatOptions options;
  IpAddress outside;
  SeededRandom random;
  std::uint16_t next_port;
  NatTable table;

  void expire(Instant now);
  bool blocks(const NatPacket& packet) const;
  Id open(const NatPacket& packet, Instant now);
  std::optional<Endpoint> outside_for(NatProtocol protocol, const Endpoint& inside);
  std::uint16_t draw_port();
  bool is_free(NatProtocol protocol, std::uint16_t port) const;
  void note(Id id, const NatPacket& packet, bool from_inside, Instant now);
  bool permits(Id mapping, const Endpoint& remote) const;
  Verdict enter(const NatPacket& packet, Instant now);
};

void NatModel::State::expire(Instant now) {
  table.expire(now, {options.udp_timeout, kIcmpTimeout, options.tcp_transitory_timeout, options.tcp_timeout});
}

bool NatModel::State::blocks(const NatPacket& packet) const {
  if (packet.protocol == NatProtocol::kUdp && options.udp_blocked) return true;
  return options.translates && packet.from.address.is_v4() != outside.is_v4();
}

// A session for a packet from inside that has none, and a mapping when that is missing, too. Of TCP only a
// SYN makes a mapping; any packet may use one that is there.
Id NatModel::State::open(const NatPacket& packet, Instant now) {
  if (table.sessions() >= kSessionsPerMapping * options.mappings_max) return NatTable::kNone;
  const Endpoint remote = remote_of(packet.protocol, packet.to);
  const auto behavior = options.translates ? options.mapping : NatBehavior::kEndpointIndependent;
  const Endpoint scope = scope_of(behavior, remote);
  Id mapping = table.mapping_of_inside(packet.protocol, packet.from, scope);
  if (mapping == NatTable::kNone) {
    if (packet.protocol == NatProtocol::kTcp && (!packet.syn || packet.ack)) return NatTable::kNone;
    if (table.mappings() >= options.mappings_max) return NatTable::kNone;
    const auto mapped = outside_for(packet.protocol, packet.from);
    if (!mapped) return NatTable::kNone;
    mapping = table.add_mapping({packet.protocol, packet.from, *mapped, scope});
  }
  return table.add_session(mapping, remote, first_timer(packet.protocol), now);
}

std::optional<Endpoint> NatModel::State::outside_for(NatProtocol protocol, const Endpoint& inside) {
  if (!options.translates) return inside;
  if (options.ports == NatPorts::kPreserved && is_free(protocol, inside.port)) {
    return Endpoint{outside, inside.port};
  }
  for (int draw = 0; options.ports != NatPorts::kSequential && draw < kDraws; ++draw) {
    const std::uint16_t port = draw_port();
    if (is_free(protocol, port)) return Endpoint{outside, port};
  }
  for (int tried = 0; tried < 65536 - kFirstPort; ++tried) {
    const std::uint16_t port = next_port;
    next_port = port == 65535 ? kFirstPort : port + 1;
    if (is_free(protocol, port)) return Endpoint{outside, port};
  }
  return std::nullopt;
}

std::uint16_t NatModel::State::draw_port() {
  return static_cast<std::uint16_t>(kFirstPort + random.u64() % (65536 - kFirstPort));
}

bool NatModel::State::is_free(NatProtocol protocol, std::uint16_t port) const {
  return table.mapping_of_outside(protocol, {outside, port}) == NatTable::kNone;
}

// What the packet means for its session. Only packets from inside keep it alive (RFC 4787, REQ-6): else
// anyone outside could.
void NatModel::State::note(Id id, const NatPacket& packet, bool from_inside, Instant now) {
  NatTable::Session& session = table.session(id);
  Timer timer = session.timer;
  if (packet.protocol == NatProtocol::kTcp) {
    if (packet.rst || packet.fin) {
      session.closing = true;
      timer = Timer::kTcpTransitory;
    } else if (packet.syn) {
      if (session.closing) session.heard = session.closing = false;  // the same endpoints begin anew
      if (!from_inside || packet.ack) session.heard = true;
    } else if (packet.ack && session.heard && !session.closing) {
      timer = Timer::kTcpOpen;
    }
  }
  if (from_inside || timer != session.timer) table.refresh(id, timer, now);
}

bool NatModel::State::permits(Id mapping, const Endpoint& remote) const {
  if (options.filtering == NatBehavior::kEndpointIndependent) return true;
  // With the very endpoint there is no session, or it would have been found.
  return options.filtering == NatBehavior::kAddressDependent && table.knows(mapping, remote.address);
}

NatModel::Verdict NatModel::State::enter(const NatPacket& packet, Instant now) {
  const Endpoint remote = remote_of(packet.protocol, packet.from);
  const Id session = table.session_from_outside(packet.protocol, packet.to, remote);
  Id mapping = NatTable::kNone;
  if (session != NatTable::kNone) {
    note(session, packet, false, now);
    mapping = table.session(session).mapping;
  } else {
    mapping = table.mapping_of_outside(packet.protocol, packet.to);
    if (mapping != NatTable::kNone && !permits(mapping, remote)) mapping = NatTable::kNone;
  }
  if (mapping != NatTable::kNone) return {VerdictKind::kIn, packet.from, table.mapping(mapping).inside};
  const bool unwanted = packet.protocol == NatProtocol::kTcp && packet.syn && !packet.ack;
  return {unwanted && options.resets_unwanted_tcp ? VerdictKind::kRefused : VerdictKind::kDrop, packet.from,
          packet.to};
}

std::optional<NatOptions> NatOptions::of_type(std::string_view name) {
  using enum NatBehavior;
  NatOptions options;
  if (name == "port-restricted") return options;
  if (name == "full-cone") {
    options.filtering = kEndpointIndependent;
  } else if (name == "address-restricted") {
    options.filtering = kAddressDependent;
  } else if (name == "symmetric-sequential" || name == "symmetric-random") {
    options.mapping = kAddressAndPortDependent;
    options.ports = name == "symmetric-random" ? NatPorts::kRandom : NatPorts::kSequential;
  } else if (name == "udp-blocked") {
    options.udp_blocked = true;
  } else if (name == "firewall") {
    options.translates = false;
  } else {
    return std::nullopt;
  }
  return options;
}

NatModel::NatModel(std::uint64_t seed, const NatOptions& options, IpAddress outside)
    : state_(std::make_unique<State>(State{options, outside, SeededRandom(seed), 0, {}})) {
  state_->next_port = state_->draw_port();
}

NatModel::~NatModel() = default;
NatModel::NatModel(NatModel&&) noexcept = default;
NatModel& NatModel::operator=(NatModel&&) noexcept = default;

NatModel::Verdict NatModel::from_inside(const NatPacket& packet, Instant now) {
  State& state = *state_;
  state.expire(now);
  const Verdict dropped{VerdictKind::kDrop, packet.from, packet.to};
  const bool returns = state.options.translates && packet.to.address == state.outside;
  if (state.blocks(packet) || (returns && !state.options.hairpin)) return dropped;
  Id id =
      state.table.session_from_inside(packet.protocol, packet.from, remote_of(packet.protocol, packet.to));
  if (id == NatTable::kNone) id = state.open(packet, now);
  if (id == NatTable::kNone) return dropped;
  state.note(id, packet, true, now);
  const Endpoint mapped = state.table.mapping(state.table.session(id).mapping).outside;
  if (!returns) return {VerdictKind::kOut, mapped, packet.to};

  // RFC 4787, REQ-9a: who is addressed sees the outside endpoint of who speaks, and filters by it.
  NatPacket outer = packet;
  outer.from = mapped;
  return state.enter(outer, now);
}

NatModel::Verdict NatModel::from_outside(const NatPacket& packet, Instant now) {
  state_->expire(now);
  if (state_->blocks(packet)) return {VerdictKind::kDrop, packet.from, packet.to};
  return state_->enter(packet, now);
}

std::optional<Endpoint> NatModel::owner_of(NatProtocol protocol, const Endpoint& from,
                                           const Endpoint& to) const {
  const Id id = state_->table.session_from_outside(protocol, from, remote_of(protocol, to));
  if (id == NatTable::kNone) return std::nullopt;
  return state_->table.mapping(state_->table.session(id).mapping).inside;
}

const IpAddress& NatModel::outside() const {
  return state_->outside;
}

const NatOptions& NatModel::options() const {
  return state_->options;
}

std::size_t NatModel::mappings() const {
  return state_->table.mappings();
}

void NatModel::reboot() {
  state_->table.clear();
}

void NatModel::set_outside(IpAddress outside) {
  state_->outside = outside;
  reboot();
}

void NatModel::set_options(const NatOptions& options) {
  // What was made with translation cannot be found without it.
  if (options.translates != state_->options.translates) reboot();
  state_->options = options;
}

}  // namespace warren::sim
