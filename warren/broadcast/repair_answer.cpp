#include "warren/broadcast/repair_answer.hpp"

#include <algorithm>
#include <optional>

#include "warren/messaging/envelope.hpp"

namespace warren::repair {
namespace {

// `ranges` without `others`, from the number `from` on. Both ascending and apart.
NumberRanges without(const NumberRanges& ranges, const NumberRanges& others) {
  NumberRanges left;
  auto other = others.begin();
  for (NumberRange range : ranges) {
    while (other != others.end() && other->last < range.first) ++other;
    for (auto at = other; at != others.end() && at->first <= range.last; ++at) {
      if (at->first > range.first) left.push_back({range.first, at->first - 1});
      range.first = at->last + 1;
    }
    if (range.first <= range.last) left.push_back(range);
  }
  return left;
}

NumberRanges from(std::uint64_t number, NumberRanges ranges) {
  std::erase_if(ranges, [number](const NumberRange& range) { return range.last < number; });
  if (!ranges.empty()) ranges.front().first = std::max(ranges.front().first, number);
  return ranges;
}

// When the origin says that it was sent; none: it can't be read.
std::optional<WallTime> sent_at(const StoredBroadcast& message) {
  const auto envelope = Envelope::decode(message.envelope, message.envelope.size());
  if (!envelope) return std::nullopt;
  const auto header = Header::decode(envelope->header);
  return header ? std::optional(header->timestamp) : std::nullopt;
}

class Collector {
 public:
  Collector(BroadcastStore& store, const Request& request, WallTime now, const BroadcastLimits& limits)
      : store_(store),
        request_(request),
        now_(now),
        since_(from_unix_ms(static_cast<std::int64_t>(request.since_ms))),
        limits_(limits) {}

  Result<Answer> run();

 private:
  Result<> add_origin(const BroadcastOrigin& origin, const NumberRanges& seen);
  const NumberRanges* held_of(const OriginKey& key);
  std::optional<StoredBroadcast> first_kept(const BroadcastOrigin& origin, NumberRange range);
  bool in_time(const StoredBroadcast& message) const;
  std::optional<std::uint64_t> first_in_time(const BroadcastOrigin& origin, NumberRange range);
  void fetch(const BroadcastOrigin& origin, NumberRange range, NumberRanges& gone);
  bool add_to(std::vector<OriginRanges>& list, std::size_t& size, OriginRanges ranges);
  bool may_read();
  std::vector<StoredBroadcast> read(const BroadcastOrigin& origin, NumberRange range, std::size_t bytes);

  BroadcastStore& store_;
  const Request& request_;
  WallTime now_, since_;
  const BroadcastLimits& limits_;
  Answer answer_;
  std::error_code error_;
  std::size_t next_held_ = 0;
  std::size_t known_size_ = 0, gone_size_ = 0, known_count_ = 0, reads_ = 0, bytes_ = 0;
};

Result<Answer> Collector::run() {
  const auto seen = store_.seen(request_.topic);
  if (!seen) return fail(seen.error());
  for (std::size_t at = 0; at < seen->size();) {
    const BroadcastOrigin& origin = (*seen)[at].origin;
    NumberRanges ranges;
    for (; at < seen->size() && (*seen)[at].origin == origin; ++at)
      ranges.push_back({(*seen)[at].first, (*seen)[at].last});
    if (const auto added = add_origin(origin, ranges); !added) return fail(added.error());
  }
  return std::move(answer_);
}

// Origins are asked for in ascending order, as the request has them.
const NumberRanges* Collector::held_of(const OriginKey& key) {
  while (next_held_ < request_.held.size() && request_.held[next_held_].origin < key) ++next_held_;
  if (next_held_ == request_.held.size() || request_.held[next_held_].origin != key) return nullptr;
  return &request_.held[next_held_].ranges;
}

Result<> Collector::add_origin(const BroadcastOrigin& origin, const NumberRanges& seen) {
  const OriginKey key = OriginKey::of(origin);
  const NumberRanges* held = held_of(key);
  if (held == nullptr && request_.partial) return {};
  NumberRanges lacking = without(seen, held == nullptr ? NumberRanges() : *held);
  if (lacking.empty()) return {};
  // What comes after something that the asker has is not too old for it.
  std::optional<std::uint64_t> begin;
  if (held != nullptr) begin = held->front().first;
  if (!begin || lacking.front().first < *begin) {
    const std::uint64_t end = begin ? *begin - 1 : lacking.back().last;
    if (const auto first = first_in_time(origin, {lacking.front().first, end})) begin = first;
  }
  if (error_) return fail(error_);
  if (!begin) return {};
  lacking = from(*begin, std::move(lacking));
  if (lacking.empty()) return {};
  if (!add_to(answer_.known, known_size_, {key, lacking})) return {};
  NumberRanges gone;
  for (const NumberRange& range : lacking) fetch(origin, range, gone);
  if (error_) return fail(error_);
  if (!gone.empty()) add_to(answer_.gone, gone_size_, {key, std::move(gone)});
  return {};
}

// False, and more to ask for: no room.
bool Collector::add_to(std::vector<OriginRanges>& list, std::size_t& size, OriginRanges ranges) {
  const std::size_t more = encoded_size(ranges);
  if (size + more > limits_.repair_request_max || known_count_ + ranges.ranges.size() > kRangesMax) {
    answer_.more = true;
    return false;
  }
  size += more;
  known_count_ += ranges.ranges.size();
  list.push_back(std::move(ranges));
  return true;
}

bool Collector::may_read() {
  if (error_) return false;
  if (reads_ < kReadsMax) return true;
  answer_.more = true;
  return false;
}

std::vector<StoredBroadcast> Collector::read(const BroadcastOrigin& origin, NumberRange range,
                                             std::size_t bytes) {
  ++reads_;
  auto messages = store_.read(request_.topic, {origin, range.first, range.last}, bytes);
  if (messages) return std::move(*messages);
  error_ = messages.error();
  return {};
}

std::optional<StoredBroadcast> Collector::first_kept(const BroadcastOrigin& origin, NumberRange range) {
  if (!may_read()) return std::nullopt;
  auto messages = read(origin, range, 1);
  return messages.empty() ? std::nullopt : std::optional(std::move(messages.front()));
}

bool Collector::in_time(const StoredBroadcast& message) const {
  if (message.expires <= now_) return false;
  if (request_.since_ms == 0) return true;
  const auto sent = sent_at(message);
  return sent && *sent >= since_;
}

// The first of the kept messages that is in time, when those after it are, too.
std::optional<std::uint64_t> Collector::first_in_time(const BroadcastOrigin& origin, NumberRange range) {
  std::optional<std::uint64_t> found;
  std::uint64_t low = range.first, end = range.last;  // it is one of these, or the one that was found
  // Most have all in time: so the first look is not at the middle.
  std::uint64_t look = low;
  while (low <= end) {
    const auto message = first_kept(origin, {look, end});
    if (message && !in_time(*message)) {
      low = message->seq + 1;
    } else {
      if (message) found = message->seq;
      if (look == low) break;  // nothing is kept before
      end = look - 1;
    }
    if (low > end) break;
    look = low + (end - low) / 2;
  }
  return found;
}

// The envelopes of this range, as far as there is room, and what is not kept.
void Collector::fetch(const BroadcastOrigin& origin, NumberRange range, NumberRanges& gone) {
  const auto is_gone = [&gone](std::uint64_t first, std::uint64_t last) {
    if (first > last) return;
    if (!gone.empty() && gone.back().last + 1 == first) {
      gone.back().last = last;
    } else {
      gone.push_back({first, last});
    }
  };
  while (range.first <= range.last) {
    if (bytes_ >= limits_.repair_bytes_max) answer_.more = true;
    if (bytes_ >= limits_.repair_bytes_max || !may_read()) return;
    auto messages = read(origin, range, limits_.repair_bytes_max - bytes_);
    if (error_) return;
    for (StoredBroadcast& message : messages) {
      const std::size_t size = message.envelope.size();
      if (bytes_ > 0 && bytes_ + size > limits_.repair_bytes_max) {
        answer_.more = true;
        return;
      }
      is_gone(range.first, message.seq - 1);
      range.first = message.seq + 1;
      if (message.expires <= now_ || size < kEnvelopeSizeMin) {
        is_gone(message.seq, message.seq);
        continue;
      }
      bytes_ += size;
      answer_.envelopes.push_back(std::move(message.envelope));
    }
    if (messages.empty()) {
      is_gone(range.first, range.last);
      return;
    }
  }
}

}  // namespace

Result<Answer> collect_answer(BroadcastStore& store, const Request& request, WallTime now,
                              const BroadcastLimits& limits) {
  return Collector(store, request, now, limits).run();
}

std::vector<Bytes> to_frames(Answer answer) {
  std::vector<Bytes> frames;
  Frame frame;
  std::size_t size = 0;
  const auto add = [&](auto& list, auto& item, std::size_t item_size) {
    if (size > 0 && size + item_size > kFrameSizeWanted) {
      frames.push_back(encode(frame));
      frame = {};
      size = 0;
    }
    list.push_back(std::move(item));
    size += item_size;
  };
  for (OriginRanges& known : answer.known) add(frame.known, known, encoded_size(known));
  for (OriginRanges& gone : answer.gone) add(frame.gone, gone, encoded_size(gone));
  for (Bytes& envelope : answer.envelopes) add(frame.envelopes, envelope, envelope.size());
  frame.status = answer.more ? Status::kMore : Status::kDone;
  frames.push_back(encode(frame));
  return frames;
}

}  // namespace warren::repair
