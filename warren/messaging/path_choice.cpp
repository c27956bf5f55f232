#include "warren/messaging/path_choice.hpp"

#include "warren/async/as_result.hpp"
#include "warren/async/race.hpp"
#include "warren/messaging/conversation.hpp"

namespace warren {
namespace {

// Frames and their tags cost 60 bytes for each 16 KiB, and acknowledgements of the other direction's windows
// less than that; a stream's beginning costs two protocol names.
constexpr std::uint64_t kFramingPart = 64;
constexpr std::uint64_t kStreamStart = 512;
// A new circuit begins with the handshake, identify and the bindings, with the largest keys.
constexpr std::uint64_t kCircuitStart = 12 * 1024;
// What ends sooner is not begun over it: some round trips.
constexpr Duration kTimeMin = std::chrono::seconds(1);
// Circuits that one conversation replaces; each is dialed.
constexpr int kReplacedMax = 3;
// A circuit may also end, or conversations of the peer: looked for this often.
constexpr Duration kRecheck = std::chrono::seconds(1);

// Other protocols speak over the circuit, too: this part of it is theirs.
constexpr std::uint64_t kOthersPart = 32;

bool fits(std::uint64_t need, std::uint64_t used, std::uint64_t max) {
  return max == 0 || used + on_circuit(need) + max / kOthersPart <= max;
}

// Whether a new circuit like this one would have room.
bool would_carry(const CircuitBudget* budget, const PathNeed& need) {
  const std::uint64_t most = on_circuit(std::max(need.send, need.receive)) + kCircuitStart;
  return budget == nullptr || budget->bytes_each_way_max == 0 || most <= budget->bytes_each_way_max;
}

ConnectionPtr open_path(const MessagingParts& parts, const PeerId& peer, const PathNeed& need) {
  for (ConnectionPtr& connection : parts.host.connections(peer)) {
    if (carries(parts, *connection, need)) return std::move(connection);
  }
  return nullptr;
}

// No message or request goes over it, in either direction.
bool is_idle(const MessagingParts& parts, const Connection& connection) {
  return !parts.paths.is_used(connection) && parts.streams.used_by(connection.remote_peer()) == 0;
}

Path take(MessagingParts& parts, ConnectionPtr connection, const PathNeed& need) {
  PathUse::Lease lease = promise(parts, *connection, need.send);
  return {std::move(connection), std::move(lease)};
}

}  // namespace

std::uint64_t on_circuit(std::uint64_t stream_bytes) {
  return stream_bytes + stream_bytes / kFramingPart + kStreamStart;
}

bool carries(const MessagingParts& parts, const Connection& connection, const PathNeed& need) {
  const CircuitBudget* const budget = connection.circuit_budget();
  if (budget == nullptr) return true;
  if (budget->ends && *budget->ends - parts.env().clock.now() < kTimeMin) return false;
  const std::uint64_t max = budget->bytes_each_way_max;
  return fits(need.send, parts.paths.committed(connection), max) && fits(need.receive, budget->received, max);
}

PathUse::Lease promise(MessagingParts& parts, const Connection& connection, std::uint64_t stream_bytes) {
  if (connection.circuit_budget() == nullptr) return {};
  return {parts.paths, connection, on_circuit(stream_bytes)};
}

std::string describe_budget(const Connection& connection, Instant now) {
  const CircuitBudget& budget = *connection.circuit_budget();
  std::string text = "the circuit";
  if (budget.bytes_each_way_max != 0) {
    text += " carries " + std::to_string(budget.bytes_each_way_max) + " bytes each way, of which " +
            std::to_string(*budget.left_to_send()) + " are left to send and " +
            std::to_string(*budget.left_to_receive()) + " to receive";
  }
  if (budget.ends) {
    const auto left = std::chrono::floor<std::chrono::seconds>(std::max(*budget.ends - now, Duration{}));
    text += std::string(budget.bytes_each_way_max != 0 ? ", and" : "") + " ends in " +
            std::to_string(left.count()) + " s";
  }
  return text;
}

void throw_limited(const Connection& connection, const PathNeed& need, Instant now) {
  throw_error(Errc::kLimitedByBudget,
              "needs " + std::to_string(need.send) + " bytes; " + describe_budget(connection, now));
}

Task<Path> find_path(MessagingParts& parts, PeerInfo to, CallOptions options, PathNeed need) {
  ConnectionPtr best = co_await parts.host.connect_over(options.path, to);
  if (carries(parts, *best, need)) co_return take(parts, std::move(best), need);
  const auto direct = co_await as_result(parts.host.connect_over(PathPolicy::kPreferDirect, to));
  if (direct && carries(parts, **direct, need)) co_return take(parts, *direct, need);
  for (int replaced = 0;;) {
    if (ConnectionPtr open = open_path(parts, to.id, need)) co_return take(parts, std::move(open), need);
    if (best->is_open() && !would_carry(best->circuit_budget(), need)) break;
    if (best->is_open() && !is_idle(parts, *best)) {
      co_await race(parts.paths.wait_given_back(), parts.env().clock.sleep_for(kRecheck));
      continue;
    }
    if (replaced++ == kReplacedMax) break;
    best->close();
    best = co_await parts.host.connect_over(options.path, to);
  }
  if (best->circuit_budget() == nullptr) throw_error(Errc::kClosed);
  throw_limited(*best, need, parts.env().clock.now());
}

}  // namespace warren
