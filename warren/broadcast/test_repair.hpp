// Test support: origins, and messages as a store of broadcasts has them.
#pragma once

#include <doctest/doctest.h>

#include <string>

#include "warren/broadcast/repair_message.hpp"
#include "warren/messaging/test_keys.hpp"

namespace warren::test {

inline const std::string kTopic = "/warren/main/topic/news";

// Of node `number`, in one of its runs.
inline BroadcastOrigin repair_origin(std::uint8_t number = 1, std::uint8_t run = 1) {
  return {NodeId(sm2_key(number).public_key()), {run}};
}

inline const BroadcastOrigin kAlice = repair_origin(1), kBob = repair_origin(2);

// Not signed: repair does not look.
inline StoredBroadcast stored(BroadcastOrigin origin, std::uint64_t seq, WallTime sent = kNow,
                              std::size_t size = 10, std::chrono::milliseconds ttl = std::chrono::hours(1)) {
  StoredBroadcast message{
      .topic = kTopic, .origin = origin, .seq = seq, .expires = sent + ttl, .envelope = {}};
  for (std::size_t i = 0; i < 8; ++i) message.id[i] = static_cast<std::uint8_t>(seq >> (8 * i));
  message.id[8] = origin.node.key_bytes()[1];
  message.id[9] = origin.epoch[0];
  Header header{.sender = origin.node.key_bytes(),
                .recipient = {},
                .context = make_context("main", "news"),
                .timestamp = sent,
                .epoch = origin.epoch,
                .seq = seq,
                .kind = MessageKind::kBroadcast,
                .ttl = ttl};
  const Bytes body(size, static_cast<std::uint8_t>(seq));
  message.envelope = Envelope{.header = header.encode(), .body = body, .signature = {}}.encode();
  return message;
}

// One whose number alone is remembered.
inline StoredBroadcast remembered(BroadcastOrigin origin, std::uint64_t seq) {
  StoredBroadcast message = stored(origin, seq);
  message.envelope.clear();
  return message;
}

// "2-4 7"
inline std::string text(const repair::NumberRanges& ranges) {
  std::string all;
  for (const auto& [first, last] : ranges) {
    if (!all.empty()) all += ' ';
    all += std::to_string(first);
    if (last != first) all += '-' + std::to_string(last);
  }
  return all;
}

// Of one origin.
inline std::string text(const std::vector<repair::OriginRanges>& all, const BroadcastOrigin& origin) {
  std::string found;
  for (const auto& each : all) {
    if (each.origin == repair::OriginKey::of(origin)) found += text(each.ranges);
  }
  return found;
}
inline std::string text(const std::vector<BroadcastRange>& all, const BroadcastOrigin& origin) {
  repair::NumberRanges ranges;
  for (const auto& each : all) {
    if (each.origin == origin) ranges.push_back({each.first, each.last});
  }
  return text(ranges);
}

// The numbers in these envelopes.
inline std::string numbers(const std::vector<Bytes>& envelopes) {
  repair::NumberRanges ranges;
  for (const Bytes& each : envelopes) {
    const auto envelope = value_or_throw(Envelope::decode(each, each.size()));
    const std::uint64_t seq = value_or_throw(Header::decode(envelope.header)).seq;
    if (!ranges.empty() && ranges.back().last + 1 == seq) {
      ranges.back().last = seq;
    } else {
      ranges.push_back({seq, seq});
    }
  }
  return text(ranges);
}

}  // namespace warren::test
