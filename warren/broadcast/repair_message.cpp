#include "warren/broadcast/repair_message.hpp"

#include <algorithm>
#include <map>

#include "warren/base/protobuf_wire.hpp"
#include "warren/base/reader.hpp"
#include "warren/base/varint.hpp"
#include "warren/broadcast/gap_book.hpp"

namespace warren::repair {
namespace {

constexpr std::uint64_t kStatusMax = static_cast<std::uint64_t>(Status::kFailed);

// Pairs of varints: how many numbers are left out since the range before (since 1), and how many follow.
Bytes pack(const NumberRanges& ranges) {
  Bytes packed;
  std::uint64_t next = 1;
  for (const NumberRange& range : ranges) {
    append_varint(packed, range.first - next);
    append_varint(packed, range.last - range.first + 1);
    next = range.last + 1;
  }
  return packed;
}

NumberRanges unpack(BytesView packed, std::size_t count_max, Errc& error) {
  NumberRanges ranges;
  std::uint64_t next = 1;  // at most 2^63, so that nothing below overflows
  Reader reader(packed);
  while (reader.ok() && reader.remaining() > 0) {
    const std::uint64_t skipped = reader.varint(), count = reader.varint();
    if (!reader.ok()) break;
    const bool touches = skipped == 0 && !ranges.empty();
    if (touches || count == 0 || skipped > kBroadcastSeqMax + 1 - next ||
        count > kBroadcastSeqMax + 1 - next - skipped) {
      error = Errc::kMalformed;
      return {};
    }
    if (ranges.size() >= count_max) {
      error = Errc::kTooLarge;
      return {};
    }
    ranges.push_back({next + skipped, next + skipped + count - 1});
    next = ranges.back().last + 1;
  }
  if (!reader.ok() || ranges.empty()) error = Errc::kMalformed;
  return ranges;
}

template <std::size_t kSize>
std::array<std::uint8_t, kSize> read_array(ProtobufReader& reader) {
  std::array<std::uint8_t, kSize> array{};
  const BytesView bytes = reader.bytes();
  if (bytes.size() != kSize) {
    reader.fail(Errc::kMalformed);
  } else {
    std::ranges::copy(bytes, array.begin());
  }
  return array;
}

Bytes encode_origin(const OriginRanges& ranges) {
  return ProtobufWriter(64)
      .bytes(1, ranges.origin.node)
      .bytes(2, ranges.origin.epoch)
      .bytes(3, pack(ranges.ranges))
      .take();
}

// Reads one more origin; `room` is what is left of kRangesMax.
void read_origin(ProtobufReader& outer, std::vector<OriginRanges>& to, std::size_t& room) {
  ProtobufReader reader(outer.repeated_bytes(), ProtobufForm::kCanonical);
  OriginRanges read;
  Errc error = Errc::kOk;
  unsigned fields = 0;
  while (reader.next()) {
    fields |= 1U << std::min<std::uint32_t>(reader.field(), 4);
    switch (reader.field()) {
      case 1: read.origin.node = read_array<kSm2KeySize>(reader); break;
      case 2: read.origin.epoch = read_array<8>(reader); break;
      case 3: read.ranges = unpack(reader.bytes(), room, error); break;
      default: reader.unknown();
    }
    if (error != Errc::kOk) reader.fail(error);
  }
  if (!reader.finish()) return outer.fail(error != Errc::kOk ? error : Errc::kMalformed);
  if (fields != 0b1110) return outer.fail(Errc::kMalformed);
  if (!to.empty() && to.back().origin >= read.origin) return outer.fail(Errc::kMalformed);
  room -= read.ranges.size();
  to.push_back(std::move(read));
}

// Any order, any overlap, any number.
NumberRanges normalized(NumberRanges ranges) {
  for (NumberRange& range : ranges) {
    range.first = std::max<std::uint64_t>(range.first, 1);
    range.last = std::min(range.last, kBroadcastSeqMax);
  }
  std::erase_if(ranges, [](const NumberRange& range) { return range.first > range.last; });
  std::ranges::sort(ranges, {}, &NumberRange::first);
  NumberRanges joined;
  for (const NumberRange& range : ranges) {
    if (!joined.empty() && range.first <= joined.back().last + 1) {
      joined.back().last = std::max(joined.back().last, range.last);
    } else {
      joined.push_back(range);
    }
  }
  return joined;
}

}  // namespace

std::size_t frame_size_max(const BroadcastLimits& limits) {
  return std::max(limits.payload_max + 2048, limits.repair_request_max) + 2 * kFrameSizeWanted;
}

std::size_t encoded_size(const OriginRanges& ranges) {
  const std::size_t size = encode_origin(ranges).size();
  return 1 + varint_size(size) + size;
}

Bytes encode(const Request& request) {
  ProtobufWriter writer;
  writer.bytes(1, as_bytes(request.topic));
  if (request.since_ms != 0) writer.varint(2, request.since_ms);
  if (request.partial) writer.varint(3, 1);
  for (const OriginRanges& held : request.held) writer.bytes(4, encode_origin(held));
  return writer.take();
}

Bytes encode(const Frame& frame) {
  ProtobufWriter writer;
  if (frame.status != Status::kGoesOn) writer.varint(1, static_cast<std::uint64_t>(frame.status));
  for (const OriginRanges& known : frame.known) writer.bytes(2, encode_origin(known));
  for (const OriginRanges& gone : frame.gone) writer.bytes(3, encode_origin(gone));
  for (const Bytes& envelope : frame.envelopes) writer.bytes(4, envelope);
  return writer.take();
}

Result<Request> decode_request(BytesView bytes) {
  Request request;
  std::size_t room = kRangesMax;
  ProtobufReader reader(bytes, ProtobufForm::kCanonical);
  while (reader.next()) {
    switch (reader.field()) {
      case 1: {
        const BytesView topic = reader.bytes();
        if (topic.size() > kTopicSizeMax) return fail(Errc::kTooLarge);
        request.topic = to_text(topic);
        break;
      }
      case 2:
        request.since_ms = reader.varint();
        if (request.since_ms == 0 || request.since_ms > INT64_MAX) reader.fail(Errc::kMalformed);
        break;
      case 3:
        request.partial = reader.varint() == 1;
        if (!request.partial) reader.fail(Errc::kMalformed);
        break;
      case 4: read_origin(reader, request.held, room); break;
      default: reader.unknown();
    }
  }
  if (const auto end = reader.finish(); !end) return fail(end.error());
  if (request.topic.empty()) return fail(Errc::kMalformed);
  return request;
}

Result<Frame> decode_frame(BytesView bytes) {
  Frame frame;
  std::size_t room = kRangesMax;
  ProtobufReader reader(bytes, ProtobufForm::kCanonical);
  while (reader.next()) {
    switch (reader.field()) {
      case 1: {
        const std::uint64_t status = reader.varint();
        if (status == 0) reader.fail(Errc::kMalformed);
        frame.status = static_cast<Status>(std::min(status, kStatusMax));
        break;
      }
      case 2: read_origin(reader, frame.known, room); break;
      case 3: read_origin(reader, frame.gone, room); break;
      case 4: {
        const BytesView envelope = reader.repeated_bytes();
        if (envelope.size() < kEnvelopeSizeMin) {
          reader.fail(Errc::kMalformed);
        } else {
          frame.envelopes.push_back(to_bytes(envelope));
        }
        break;
      }
      default: reader.unknown();
    }
  }
  if (const auto end = reader.finish(); !end) return fail(end.error());
  if (bytes.empty()) return fail(Errc::kMalformed);  // nothing, and no end: what for?
  return frame;
}

Request make_request(std::string topic, WallTime since, const std::vector<BroadcastRange>& held,
                     std::size_t size_max) {
  Request request{.topic = std::move(topic),
                  .since_ms = static_cast<std::uint64_t>(std::max<std::int64_t>(unix_ms(since), 0)),
                  .held = {}};
  std::map<OriginKey, std::size_t> places;
  std::vector<OriginRanges> origins;  // in the order of their first ranges
  for (const BroadcastRange& range : held) {
    const auto [place, is_new] = places.try_emplace(OriginKey::of(range.origin), origins.size());
    if (is_new) origins.push_back({place->first, {}});
    origins[place->second].ranges.push_back({range.first, range.last});
  }
  std::size_t size = 0, count = 0;
  for (OriginRanges& origin : origins) {
    origin.ranges = normalized(std::move(origin.ranges));
    if (origin.ranges.empty()) continue;
    // An origin with very many holes has its first ones filled before the later ones are spoken of.
    const std::size_t count_max = std::max<std::size_t>(size_max / 64, 1);
    if (origin.ranges.size() > count_max) {
      origin.ranges.resize(count_max);
      origin.ranges.back().last = kBroadcastSeqMax;
    }
    size += encoded_size(origin);
    count += origin.ranges.size();
    if (size > size_max || count > kRangesMax) {
      request.partial = true;
      break;
    }
    request.held.push_back(std::move(origin));
  }
  std::ranges::sort(request.held, {}, &OriginRanges::origin);
  return request;
}

}  // namespace warren::repair
