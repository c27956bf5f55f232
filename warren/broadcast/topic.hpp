// Topics, as applications see them, and what subscribing and broadcasting give.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "warren/async/task.hpp"
#include "warren/core/broadcast_store.hpp"
#include "warren/core/inbox.hpp"

namespace warren {

// What travels on a topic. Topics of the two kinds never mix, also when they have the same name.
enum class TopicKind {
  kWarren,  // payloads in envelopes that are signed with the node's SM2 key (docs/wire.md, "Broadcast")
  kPlain,   // payloads as they are, signed with the transport key only: for networks with other libp2p peers
};

// 1 to 128 bytes of UTF-8 without control characters.
bool is_topic_name(std::string_view name);

// Besides, no plain topic is called as one of ours is on the wire: its name does not begin with "/warren/".
bool is_topic_name(TopicKind kind, std::string_view name);

// What the topic is called on the wire: a plain one by its name, ours "/warren/<network>/topic/<name>".
std::string wire_topic(TopicKind kind, std::string_view network, std::string_view name);

struct TopicMessage {
  std::string topic;
  TopicKind kind = TopicKind::kWarren;
  std::optional<NodeId> from_node;  // whose SM2 signature was verified; none on plain topics
  PeerId from_peer;                 // whose transport key signed; empty for one that was fetched
  Bytes id;                         // the MessageId, 32 bytes; on plain topics gossipsub's
  std::optional<WallTime> sent_at;  // none on plain topics
  WallTime received_at{};
  std::uint64_t seq = 0;  // the origin's number on this topic, from 1; 0 on plain topics
  bool fetched = false;   // missed at first, and had from another peer later
  Bytes payload;
};

// Messages of an origin that others know of and we have not got.
struct TopicGap {
  enum class State {
    kOpen,    // known to be missing; a reliable subscription fetches it
    kClosed,  // all there
    kLost,    // nobody who was asked has it any more
  };
  std::string topic;
  NodeId from_node;
  std::uint64_t first = 0;  // sequence numbers, both included
  std::uint64_t last = 0;
  State state = State::kOpen;
};

// What an application thinks of a message before it is delivered and forwarded: kIgnore drops it without
// blame, kReject blames who brought it. Own messages are asked about before they are numbered and signed:
// they have neither id nor seq yet. What is refused is not fetched again.
enum class TopicVerdict { kAccept, kIgnore, kReject };
using TopicValidator = std::function<Task<TopicVerdict>(const TopicMessage& message)>;

struct TopicOptions {
  TopicKind kind = TopicKind::kWarren;
  bool reliable = false;     // fetch what was missed (kWarren only)
  TopicValidator validator;  // one a topic: the first subscription's counts
};

// Called in the loop. A std::system_error that one throws is logged, and others are called all the same. What
// a handler was called with counts as delivered, and does not come again.
struct TopicHandler {
  std::function<void(const TopicMessage&)> on_message;  // must not be empty
  std::function<void(const TopicGap&)> on_gap;          // may be null
};

struct BroadcastOptions {
  TopicKind kind = TopicKind::kWarren;
  // Others keep it for who missed it (kWarren only), for `ttl`, at most 7 days. So long this node takes part
  // in the topic, whether or not it subscribes, and gives it to who asks.
  bool reliable = false;
  std::chrono::milliseconds ttl = std::chrono::hours(1);
  // How long to wait for the copies to leave.
  Duration patience = std::chrono::seconds(2);
};

struct BroadcastReport {
  Bytes id;
  std::uint64_t seq = 0;    // on warren topics
  std::size_t queued = 0;   // peers that it was queued for
  std::size_t sent = 0;     // of these: written to their stream
  std::size_t spared = 0;   // of these: had it already from another
  std::size_t dropped = 0;  // of these: their queue was full, or they went away
};

struct TopicPeerStatus {
  PeerId peer;
  std::string version;  // "/meshsub/1.2.0"
  bool in_mesh = false;
  double score = 0;
};

struct TopicStatus {
  std::string topic;
  TopicKind kind = TopicKind::kWarren;
  bool subscribed = false;
  bool reliable = false;
  std::vector<TopicPeerStatus> peers;  // those of the mesh first
  std::uint64_t published = 0;
  std::uint64_t delivered = 0;
  std::uint64_t duplicates = 0;
  std::uint64_t rejected = 0;
  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_out = 0;
  double messages_per_second = 0;  // delivered, over the last minute
  std::uint64_t fetched = 0;
  std::uint64_t lost = 0;      // messages that could not be had
  std::vector<TopicGap> gaps;  // open ones; at most 64
};

}  // namespace warren
