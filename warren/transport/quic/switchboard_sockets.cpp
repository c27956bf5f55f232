// Switchboard: which socket leads where, those of one remote only, and what is sent besides QUIC.
#include <ranges>

#include "warren/base/assert.hpp"
#include "warren/transport/quic/switchboard.hpp"

namespace warren::quic {

namespace {

constexpr Duration kKnockMin = 10ms;
constexpr Duration kKnockMax = 200ms;
constexpr std::size_t kNoiseMin = 24;
constexpr std::size_t kNoiseMax = 64;
constexpr std::size_t kCookieAt = 4;  // STUN's, RFC 8489, section 5
constexpr std::uint8_t kCookieStart = 0x21;

bool leads_to(const IpAddress& bound, const IpAddress& remote) {
  if (bound.is_v4() != remote.is_v4()) return false;
  // One that is bound to an address sends from there only, and loopback and the rest do not reach each other.
  return bound.is_unspecified() || bound.is_loopback() == remote.is_loopback();
}

// Neither QUIC (RFC 9443: the first two bits are 00) nor STUN.
Bytes noise(Random& random) {
  Bytes bytes(kNoiseMin + random.below(kNoiseMax - kNoiseMin + 1));
  random.fill(bytes);
  bytes.front() &= 0x3f;
  if (bytes[kCookieAt] == kCookieStart) bytes[kCookieAt] ^= 0xff;
  return bytes;
}

}  // namespace

void Switchboard::add_socket(std::unique_ptr<DatagramSocket> socket) {
  sockets_.push_back(std::make_shared<Socket>());
  sockets_.back()->udp = std::move(socket);
  tasks_.spawn(receive_loop(sockets_.back()));
}

std::shared_ptr<Switchboard::Socket> Switchboard::socket_for(const Endpoint& local) const {
  for (const auto& socket : sockets_) {
    const Endpoint bound = socket->udp->local_endpoint();
    if (bound.port != local.port || bound.address.is_v4() != local.address.is_v4()) continue;
    if (bound.address.is_unspecified() || bound.address == local.address) return socket;
  }
  return nullptr;
}

// An adopted one before all others, the newest first: the older may be of a mapping that is gone.
Switchboard::Socket* Switchboard::socket_towards(const Endpoint& remote) const {
  Socket* listens = nullptr;
  Socket* any = nullptr;
  for (const auto& socket : std::views::reverse(sockets_)) {
    if (socket->lost || !leads_to(socket->udp->local_endpoint().address, remote.address)) continue;
    if (socket->only == remote) return socket.get();
    if (socket->only) continue;
    (socket->doorman.greet ? listens : any) = socket.get();
  }
  return listens != nullptr ? listens : any;
}

void Switchboard::network_changed(const std::vector<IpAddress>& own) {
  for (const auto& socket : sockets_) {
    const IpAddress bound = socket->udp->local_endpoint().address;
    socket->lost = !bound.is_unspecified() && std::ranges::find(own, bound) == own.end();
  }
  for (const auto& [key, line] : lines_) line->connection.probe();
}

std::vector<Endpoint> Switchboard::listening() const {
  std::vector<Endpoint> found;
  for (const auto& socket : sockets_) {
    if (socket->doorman.greet) found.push_back(socket->udp->local_endpoint());
  }
  return found;
}

// --- of one remote only ---

Result<> Switchboard::adopt(std::unique_ptr<DatagramSocket> socket, const Endpoint& remote) {
  if (closed_) return fail(Errc::kClosed);
  if (!leads_to(socket->local_endpoint().address, remote.address)) return fail(Errc::kNoTransport);
  if (adopted_count() >= limits_.adopted_max) return fail(Errc::kLimitReached);
  add_socket(std::move(socket));
  Socket& adopted = *sockets_.back();
  adopted.only = remote;
  adopted.unused_since = clock_.now();
  tasks_.spawn(drop_when_unused(sockets_.back()));
  return {};
}

std::size_t Switchboard::adopted_count() const {
  return static_cast<std::size_t>(
      std::ranges::count_if(sockets_, [](const auto& socket) { return socket->only.has_value(); }));
}

void Switchboard::use(Socket& socket, Line& line) {
  ++socket.lines;
  line.own_socket = socket.udp->local_endpoint();
}

void Switchboard::unuse(Line& line) {
  const auto local = std::exchange(line.own_socket, std::nullopt);
  const auto socket = local ? socket_for(*local) : nullptr;
  if (socket == nullptr) return;
  --socket->lines;
  socket->unused_since = clock_.now();
}

Task<void> Switchboard::drop_when_unused(std::shared_ptr<Socket> socket) {
  while (true) {
    const Instant now = clock_.now();
    const Instant end = (socket->lines > 0 ? now : socket->unused_since) + limits_.adopted_idle_max;
    if (end <= now) break;
    co_await clock_.sleep_until(end);
  }
  socket->udp->close();  // which ends who receives from it
  std::erase(sockets_, socket);
}

// --- what is not QUIC's ---

Task<std::error_code> Switchboard::run_errand(Path path, Bytes payload) {
  if (closed_) co_return Errc::kClosed;
  const auto errand = std::make_shared<Errand>();
  errand->datagram = {path, std::move(payload)};
  errands_.push_back(errand);
  ready_changed_.notify_all();
  while (!errand->done) co_await errand->changed.wait();
  co_return errand->error;
}

// One between two turns of connections: neither holds up the other.
Task<void> Switchboard::send_errand() {
  const std::shared_ptr<Errand> errand = std::move(errands_.front());
  errands_.pop_front();
  const auto& [path, bytes] = errand->datagram;
  const Batch batch{.path = path, .segment_size = bytes.size(), .bytes = bytes};
  const Result<> sent = co_await send(batch, nullptr);
  errand->done = true;
  if (!sent) errand->error = sent.error();
  errand->changed.notify_all();
}

Task<void> Switchboard::send_stray(Endpoint local, Endpoint remote, Bytes payload) {
  if (closed_) throw_error(Errc::kClosed);
  if (socket_for(local) == nullptr) throw_error(Errc::kNotFound, local.to_string());
  WARREN_ASSERT(!payload.empty() && payload.front() >> 6 == 0);  // or the other side takes it for QUIC's
  const Path path{local, remote};
  const std::error_code error = co_await run_errand(path, std::move(payload));
  // What is lost on the way is not known either.
  if (error == Errc::kTooLarge || error == Errc::kClosed) throw_error(error);
}

Task<void> Switchboard::knock(Endpoint remote) {
  const auto between = static_cast<std::uint64_t>((kKnockMax - kKnockMin).count());
  while (true) {
    const auto leads = [&](const auto& socket) {
      return socket->doorman.greet && !socket->lost &&
             leads_to(socket->udp->local_endpoint().address, remote.address);
    };
    const auto found = std::ranges::find_if(sockets_, leads);
    if (found == sockets_.end()) throw_error(closed_ ? Errc::kClosed : Errc::kNoTransport);
    const Path path{(*found)->udp->local_endpoint(), remote};
    Bytes bytes = noise(random_);
    const std::error_code error = co_await run_errand(path, std::move(bytes));
    if (error == Errc::kUnreachable || error == Errc::kClosed) throw_error(error);
    co_await clock_.sleep_for(kKnockMin + Duration(static_cast<Duration::rep>(random_.below(between + 1))));
  }
}

}  // namespace warren::quic
