// Messages of repair: what is understood is within the bounds, has one encoding, and its ranges ascend; and a
// book of gaps that is told all of it stays small.

#include "warren/broadcast/repair_message.hpp"
#include "warren/base/assert.hpp"
#include "warren/broadcast/gap_book.hpp"

namespace warren {
namespace {

using namespace repair;

constexpr std::string_view kNode = "0209f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020";

void check_ranges(const std::vector<OriginRanges>& all) {
  for (std::size_t i = 0; i < all.size(); ++i) {
    WARREN_ASSERT(i == 0 || all[i - 1].origin < all[i].origin);
    WARREN_ASSERT(!all[i].ranges.empty());
    std::uint64_t before = 0;
    for (const auto& [first, last] : all[i].ranges) {
      WARREN_ASSERT(first >= 1 && first <= last && last <= kBroadcastSeqMax);
      WARREN_ASSERT(before == 0 || first > before + 1);
      before = last;
    }
  }
}

// As if all were of one node, whose runs the origins' first bytes are.
std::vector<BroadcastRange> of_one_node(const std::vector<OriginRanges>& all) {
  static const NodeId node = value_or_throw(NodeId::from_key_bytes(value_or_throw(from_hex(kNode))));
  std::vector<BroadcastRange> ranges;
  for (const OriginRanges& each : all) {
    for (const auto& [first, last] : each.ranges)
      ranges.push_back({{node, {each.origin.node[0]}}, first, last});
  }
  return ranges;
}

void tell_a_book(const Request* request, const Frame* frame) {
  BroadcastLimits limits;
  limits.origin_gap_max = 50;
  limits.gaps_max = 200;
  GapBook book(limits);
  Instant now = Instant{} + 1h;
  if (request != nullptr) {
    for (const BroadcastRange& range : of_one_node(request->held)) {
      book.note(range.origin, range.first, now += 1s);
      book.note(range.origin, range.last, now);
    }
  }
  if (frame != nullptr) {
    for (const BroadcastRange& range : of_one_node(frame->known)) book.follow(range, now += 1s);
    for (const BroadcastRange& range : of_one_node(frame->gone)) book.give_up(range);
  }
  WARREN_ASSERT(book.missing_count() <= limits.gaps_max);
  WARREN_ASSERT(book.range_count() <= 2 * limits.gaps_max + 64 * 40);
  // What it holds can be asked for, and the question understood.
  const Request asked = make_request("t", {}, book.held(), 4096);
  const auto read = decode_request(encode(asked));
  WARREN_ASSERT(read.has_value() && *read == asked);
}

}  // namespace
}  // namespace warren

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace warren;
  const Bytes bytes(data, data + size);
  if (const auto request = repair::decode_request(bytes)) {
    WARREN_ASSERT(!request->topic.empty() && request->topic.size() <= repair::kTopicSizeMax);
    check_ranges(request->held);
    WARREN_ASSERT(repair::encode(*request) == bytes);
    tell_a_book(&*request, nullptr);
  }
  if (const auto frame = repair::decode_frame(bytes)) {
    check_ranges(frame->known);
    check_ranges(frame->gone);
    for (const Bytes& envelope : frame->envelopes) WARREN_ASSERT(envelope.size() >= repair::kEnvelopeSizeMin);
    // A status of another version is read as a failure.
    if (frame->status != repair::Status::kFailed) WARREN_ASSERT(repair::encode(*frame) == bytes);
    tell_a_book(nullptr, &*frame);
  }
  return 0;
}
