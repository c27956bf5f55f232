#include "warren/messaging/path_choice.hpp"

#include "warren/async/as_result.hpp"
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

bool fits(std::uint64_t need, std::optional<std::uint64_t> left) {
  return !left || on_circuit(need) <= *left;
}

// Whether a new circuit like this one would have room.
bool would_carry(const CircuitBudget& budget, const PathNeed& need) {
  const std::uint64_t most = on_circuit(std::max(need.send, need.receive)) + kCircuitStart;
  return budget.bytes_each_way_max == 0 || most <= budget.bytes_each_way_max;
}

ConnectionPtr open_path(Host& host, const PeerId& peer, const PathNeed& need) {
  const Instant now = host.env().clock.now();
  for (const ConnectionPtr& connection : host.connections(peer)) {
    if (carries(*connection, need, now)) return connection;
  }
  return nullptr;
}

// Nobody talks over the connections to this peer but the one who asks.
bool is_alone(const MessagingParts& parts, const PeerId& peer) {
  return parts.slots.used(peer) <= 1 && parts.streams.used_by(peer) == 0;
}

[[noreturn]] void throw_limited(const Connection& connection, const PathNeed& need, Instant now) {
  throw_error(Errc::kLimitedByBudget,
              "needs " + std::to_string(need.send) + " bytes; " + describe_budget(connection, now));
}

}  // namespace

std::uint64_t on_circuit(std::uint64_t stream_bytes) {
  return stream_bytes + stream_bytes / kFramingPart + kStreamStart;
}

bool carries(const Connection& connection, const PathNeed& need, Instant now) {
  const CircuitBudget* const budget = connection.circuit_budget();
  if (budget == nullptr) return true;
  if (budget->ends && *budget->ends - now < kTimeMin) return false;
  return fits(need.send, budget->left_to_send()) && fits(need.receive, budget->left_to_receive());
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

Task<ConnectionPtr> find_path(MessagingParts& parts, PeerInfo to, CallOptions options, PathNeed need) {
  Clock& clock = parts.env().clock;
  const ConnectionPtr best = co_await parts.host.connect_over(options.path, to);
  if (carries(*best, need, clock.now())) co_return best;
  if (ConnectionPtr other = open_path(parts.host, to.id, need)) co_return other;
  const auto direct = co_await as_result(parts.host.connect_over(PathPolicy::kPreferDirect, to));
  if (direct && carries(**direct, need, clock.now())) co_return *direct;
  if (!would_carry(*best->circuit_budget(), need) || !is_alone(parts, to.id))
    throw_limited(*best, need, clock.now());
  best->close();
  ConnectionPtr fresh = co_await parts.host.connect_over(options.path, std::move(to));
  if (!carries(*fresh, need, clock.now())) throw_limited(*fresh, need, clock.now());
  co_return fresh;
}

void Travel::set_out(ConnectionPtr connection) {
  ++attempts_;
  connection_ = std::move(connection);
  wire_size_ = 0;
  const CircuitBudget* const budget = connection_->circuit_budget();
  sent_before_ = budget == nullptr ? 0 : budget->sent;
}

// Fewer bytes went over the circuit than the message has. Nobody acts on a part of one.
bool Travel::surely_incomplete() const {
  const CircuitBudget* const budget = connection_->circuit_budget();
  return budget != nullptr && budget->sent - sent_before_ < wire_size_;
}

void Travel::broke(const std::system_error& error) {
  if (!is_broken(error.code())) throw std::system_error(error);
  const bool relayed = is_circuit(connection_->remote_address());
  was_relayed_ = was_relayed_ || relayed;
  may_have_arrived_ = may_have_arrived_ || (wire_size_ > 0 && !surely_incomplete());
  if (attempts_ >= (relayed ? kCircuitAttemptsMax : kAttemptsMax)) give_up(error);
}

void Travel::give_up(const std::system_error& no_path) const {
  if (!was_relayed_) throw std::system_error(no_path);
  if (may_have_arrived_) {
    throw_error(Errc::kOutcomeUnknown,
                std::string("the circuit ended before the answer, and then: ") + no_path.what());
  }
  if (connection_->circuit_budget() == nullptr) throw std::system_error(no_path);
  throw_error(Errc::kLimitedByBudget, std::string("the circuit ended before ") + std::to_string(wire_size_) +
                                          " bytes were sent, and then: " + no_path.what());
}

}  // namespace warren
