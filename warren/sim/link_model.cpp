#include "warren/sim/link_model.hpp"

#include <algorithm>

namespace warren::sim {

namespace {

// Linux's shortest time-out (TCP_RTO_MIN).
constexpr Duration kTimeoutMin = 200ms;
constexpr int kLossesMax = 10;

}  // namespace

void LinkModel::set_options(const LinkOptions& options) {
  options_ = options;
  remainder_ = 0;
}

std::optional<Instant> LinkModel::send(Instant now, std::size_t size) {
  if (options_.path_mtu != 0 && size > options_.path_mtu) return std::nullopt;
  while (!waiting_.empty() && waiting_.front().leaves <= now) {
    waiting_bytes_ -= waiting_.front().size;
    waiting_.pop_front();
  }
  if (!waiting_.empty() && waiting_bytes_ + size > options_.queue) return std::nullopt;
  const Instant left = leave(now, size);
  if (left > now) {
    waiting_.push_back({left, size});
    waiting_bytes_ += size;
  }
  if (happens(options_.loss)) return std::nullopt;
  const Instant arrival = std::max(travel(left), last_arrival_);
  if (happens(options_.reordering)) return arrival + options_.held_back;
  last_arrival_ = arrival;
  return arrival;
}

Instant LinkModel::send_reliably(Instant now, std::size_t size, Duration round_trip) {
  Instant arrival = travel(leave(now, size));
  Duration timeout = std::max(kTimeoutMin, 2 * round_trip);
  for (int losses = 0; losses < kLossesMax && happens(options_.loss); ++losses) {
    arrival += timeout;
    timeout *= 2;
  }
  return arrival;
}

// Draws nothing where nothing can happen: an option that is not used does not change what others do.
bool LinkModel::happens(double fraction) {
  if (fraction <= 0) return false;
  constexpr double kUnit = 1.0 / (std::uint64_t{1} << 53);
  return static_cast<double>(random_.u64() >> 11) * kUnit < fraction;
}

Instant LinkModel::travel(Instant left) {
  Instant arrival = left + options_.delay;
  if (options_.jitter > Duration{}) {
    arrival += Duration(random_.below(static_cast<std::uint64_t>(options_.jitter.count()) + 1));
  }
  return arrival;
}

// The instant when the packet's last bit is on its way.
Instant LinkModel::leave(Instant now, std::size_t size) {
  if (options_.rate == 0) return now;
  if (line_free_ < now) {
    line_free_ = now;
    remainder_ = 0;
  }
  constexpr std::uint64_t kSecond = 1'000'000'000;
  const std::uint64_t work = size * 8 * kSecond + remainder_;
  line_free_ += Duration(work / options_.rate);
  remainder_ = work % options_.rate;
  return line_free_;
}

}  // namespace warren::sim
