#include "test/net/wire.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace warren::net {

namespace {

// A link without a rate bounds nothing by itself: this is 1 s of 2 Gbit/s.
constexpr std::size_t kBytesMax = 256 * 1024 * 1024;

}  // namespace

bool Wire::later(const Packet& left, const Packet& right) {
  return std::tie(left.arrival, left.number) > std::tie(right.arrival, right.number);
}

void Wire::cut() {
  cut_ = true;
  stats_.cut += packets_.size();
  packets_.clear();
  bytes_ = 0;
}

void Wire::send(Instant now, BytesView packet) {
  ++stats_.sent;
  stats_.sent_bytes += packet.size();
  if (cut_) {
    ++stats_.cut;
    return;
  }
  const auto arrival = model_.send(now, packet.size());
  if (!arrival || bytes_ + packet.size() > kBytesMax) {
    ++stats_.lost;
    return;
  }
  bytes_ += packet.size();
  packets_.push_back({*arrival, stats_.sent, Bytes(packet.begin(), packet.end())});
  std::ranges::push_heap(packets_, later);
}

std::optional<Instant> Wire::next() const {
  if (packets_.empty()) return std::nullopt;
  return packets_.front().arrival;
}

std::optional<Bytes> Wire::receive(Instant now) {
  if (packets_.empty() || packets_.front().arrival > now) return std::nullopt;
  std::ranges::pop_heap(packets_, later);
  Packet packet = std::move(packets_.back());
  packets_.pop_back();
  bytes_ -= packet.bytes.size();
  ++stats_.delivered;
  stats_.delivered_bytes += packet.bytes.size();
  stats_.late_sum += now - packet.arrival;
  stats_.late_max = std::max(stats_.late_max, now - packet.arrival);
  return std::move(packet.bytes);
}

WireStats Wire::take_stats() {
  WireStats taken = stats_;
  stats_.late_max = {};
  return taken;
}

}  // namespace warren::net
