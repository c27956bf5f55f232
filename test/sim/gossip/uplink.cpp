#include "test/sim/gossip/uplink.hpp"

#include <algorithm>
#include <utility>

namespace warren::gossip_sim {

namespace {

constexpr std::size_t kQueueBytesMax = 4 * 1024 * 1024;
constexpr std::size_t kPiece = 16 * 1024;

}  // namespace

bool Uplink::offer(NodeIndex to, Parcel parcel, pubsub::Priority priority) {
  const std::size_t size = parcel.frame->size();
  Lane& lane = lanes_[to];
  if (priority != pubsub::Priority::kControl && lane.bytes + size > kQueueBytesMax) {
    ++dropped_;
    if (lane.waiting.empty()) lanes_.erase(to);
    return false;
  }
  lane.bytes += size;
  const auto place = std::ranges::find_if(
      lane.waiting, [&](const Waiting& other) { return !other.begun() && other.priority > priority; });
  lane.waiting.insert(place, {std::move(parcel), priority, size});
  return true;
}

void Uplink::withdraw(NodeIndex to, std::uint32_t message) {
  const auto found = lanes_.find(to);
  if (found == lanes_.end()) return;
  Lane& lane = found->second;
  std::erase_if(lane.waiting, [&](const Waiting& one) {
    if (one.begun() || one.parcel.message != message) return false;
    lane.bytes -= one.left;
    return true;
  });
  if (lane.waiting.empty()) lanes_.erase(found);
}

std::optional<Uplink::Piece> Uplink::next() {
  if (lanes_.empty()) return std::nullopt;
  auto turn = lanes_.upper_bound(last_);
  if (turn == lanes_.end()) turn = lanes_.begin();
  last_ = turn->first;
  Lane& lane = turn->second;
  Waiting& first = lane.waiting.front();
  const std::size_t size = std::min(first.left, kPiece);
  Piece piece{.to = last_,
              .took = std::chrono::duration_cast<Duration>(
                  std::chrono::duration<double>(static_cast<double>(size) / rate_)),
              .finished = std::nullopt};
  first.left -= size;
  lane.bytes -= size;
  if (first.left > 0) return piece;
  piece.finished = std::move(first.parcel);
  lane.waiting.erase(lane.waiting.begin());
  if (lane.waiting.empty()) lanes_.erase(turn);
  return piece;
}

}  // namespace warren::gossip_sim
