// Switchboard: what becomes of a datagram.
#include "warren/transport/quic/switchboard.hpp"

namespace warren::quic {

namespace {

constexpr std::uint64_t kConnectionRefused = 0x2;  // RFC 9000, section 20.1

}  // namespace

Task<void> Switchboard::receive_loop(std::shared_ptr<Socket> socket) {
  while (true) {
    const std::span<const Datagram> datagrams = co_await socket->udp->receive();
    const Instant now = clock_.now();
    for (const Datagram& datagram : datagrams) {
      bytes_received_ += datagram.payload.size();
      on_datagram(*socket, datagram, now);
    }
  }
}

void Switchboard::on_datagram(Socket& socket, const Datagram& datagram, Instant now) {
  if (datagram.payload.empty()) return;
  const std::uint8_t first_bits = datagram.payload.front() >> 6;
  if (first_bits == 0) {
    if (on_stray) on_stray(datagram, socket.udp->local_endpoint());
    return;
  }
  const auto header = decode_header(datagram.payload);
  if (!header) {
    ++ignored_;
    return;
  }
  const auto found = by_id_.find(header->destination);
  if (found == by_id_.end()) {
    on_stranger(socket, *header, datagram, now);
    return;
  }
  Line& line = *found->second;
  const Path path{{datagram.to, socket.udp->local_endpoint().port}, datagram.from};
  line.connection.receive(path, datagram.payload, datagram.ecn, now);
  after_receive(line);
}

void Switchboard::on_stranger(Socket& socket, const PacketHeader& header, const Datagram& datagram,
                              Instant now) {
  const Path path{{datagram.to, socket.udp->local_endpoint().port}, datagram.from};
  const bool large = datagram.payload.size() >= kFirstDatagramMin;
  if (!header.long_header) {
    // A connection of an earlier life of this node: its peer need not wait for a time-out.
    if (may_answer(now)) answer(path, stateless_reset(header, datagram.payload.size(), secret_, random_));
  } else if (!socket.doorman.greet || closed_ || !large) {
    ++ignored_;
  } else if (!header.known_version) {
    if (may_answer(now)) answer(path, version_negotiation(header, random_));
  } else if (auto first = decode_first(datagram.payload)) {
    on_first(socket, std::move(*first), path, datagram, now);
  } else {
    ++ignored_;
  }
}

void Switchboard::on_first(Socket& socket, FirstPacket first, const Path& path, const Datagram& datagram,
                           Instant now) {
  const bool shown = verify_retry_token(first, path.remote, secret_, limits_.retry_age_max, now) ||
                     verify_address_token(first, path.remote, secret_, limits_.token_age_max, now);
  const bool loaded = half_open_->used() >= half_open_->max() / 4;
  if (!shown && (loaded || !unshown_rate_.take(now))) {
    if (may_answer(now)) answer(path, retry(first, path.remote, secret_, now, random_));
    return;
  }
  if (!socket.doorman.greet(path.remote)) {
    if (shown && may_answer(now)) answer(path, refuse(first, kConnectionRefused));
    return;
  }
  if (!half_open_->take()) {
    // Only who has shown its address is told; for the others it is as if nobody were here.
    if (shown && may_answer(now)) answer(path, refuse(first, kConnectionRefused));
    return;
  }
  Line& line = add_line(Side::kResponder, path, &first, std::nullopt);
  line.half_open = true;
  line.connection.receive(path, datagram.payload, datagram.ecn, now);
  if (line.connection.wants_retry() && may_answer(now)) {
    answer(path, retry(first, path.remote, secret_, now, random_));
  }
  after_receive(line);
}

std::string Switchboard::qlog_name(Side side) {
  return std::to_string(unix_ms(clock_.wall_now())) + (side == Side::kInitiator ? "-client-" : "-server-") +
         to_hex(random_.bytes<4>());
}

Line& Switchboard::add_line(Side side, const Path& path, const FirstPacket* first,
                            std::optional<PeerId> expected) {
  const Bytes token = side == Side::kInitiator ? tokens_.take(path.remote) : Bytes();
  const EngineSetup engine{.side = side,
                           .path = path,
                           .now = clock_.now(),
                           .random = random_,
                           .reset_secret = secret_,
                           .first = first,
                           .token = token,
                           .qlog = qlog_ ? qlog_(qlog_name(side)) : nullptr};
  auto line = std::make_shared<Line>(clock_,
                                     ConnectionSetup{.engine = engine,
                                                     .credentials = credentials_,
                                                     .expected = std::move(expected),
                                                     .wall_now = clock_.wall_now(),
                                                     .unread = unread_},
                                     limits_.connection);
  Line& added = *line;
  added.connection.set_wake([this, &added] { wake(added); });
  added.close_max = limits_.close_max;
  added.listed = true;
  added.ids = added.connection.connection_ids();
  if (first != nullptr) added.ids.push_back(first->destination);
  for (const ConnectionId& id : added.ids) by_id_.emplace(id, &added);
  lines_.emplace(&added, std::move(line));
  return added;
}

void Switchboard::after_receive(Line& line) {
  const bool fresh = line.half_open && line.connection.established() && !line.waiting;
  const auto socket = fresh ? socket_for(line.connection.path().local) : nullptr;
  if (fresh && (socket == nullptr || !socket->doorman.greet)) {
    line.connection.close({.by_application = true, .code = kNoError, .text = {}}, clock_.now());
  } else if (fresh) {
    line.waiting = true;
    socket->backlog.push_back(lines_.at(&line));
    socket->backlog_changed.notify_all();
  }
  settle(line);
}

// Asked before the answer is made, since that is what takes time.
bool Switchboard::may_answer(Instant now) {
  ++ignored_;
  return answers_.size() < limits_.answers_max && answer_rate_.take(now);
}

void Switchboard::answer(const Path& path, Bytes bytes) {
  if (bytes.empty()) return;
  answers_.push_back({path, std::move(bytes)});
  ready_changed_.notify_all();
}

}  // namespace warren::quic
