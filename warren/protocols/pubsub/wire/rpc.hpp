// The one kind of frame that pubsub peers exchange: subscriptions, messages and control, each repeated. What
// is read is bounded before memory is taken for it, and borrows from the frame.
// https://github.com/libp2p/specs/blob/master/pubsub/gossipsub/gossipsub-v1.2.md, -v1.3.md
#pragma once

#include <optional>
#include <vector>

#include "warren/base/time.hpp"
#include "warren/protocols/pubsub/wire/names.hpp"

namespace warren::pubsub {

struct RpcLimits {
  // Of an RPC without its length; go-libp2p-pubsub's default.
  std::size_t size_max = 1024 * 1024;
  // Entries of all kinds in one RPC, ids included: the bytes that a frame of this size needs for honest
  // entries. Frames of millions of empty ones have emptied other implementations' memory.
  std::size_t entries_max = 20'000;
  std::size_t topic_size_max = 256;
  std::size_t message_id_size_max = 256;
};

struct SubscriptionChange {
  bool subscribe = false;
  std::string_view topic;
};

struct IHave {
  std::string_view topic;
  std::vector<BytesView> ids;
};

// A peer that whoever was pruned may try instead.
struct PeerOffer {
  BytesView peer_id;
  BytesView signed_peer_record;  // an envelope (crypto/peer_record.hpp), or empty
};

struct Prune {
  std::string_view topic;
  std::vector<PeerOffer> peers;
  std::optional<std::uint64_t> backoff_s;  // as told: any 64-bit number
};

struct Control {
  std::vector<IHave> ihave;
  std::vector<BytesView> iwant;  // ids, of all IWANT entries together
  std::vector<std::string_view> graft;
  std::vector<Prune> prune;
  std::vector<BytesView> idontwant;  // ids

  bool empty() const;
};

// What the sender can (v1.3); fields that we do not know are ignored.
struct Extensions {
  bool operator==(const Extensions&) const = default;
};

struct Rpc {
  std::vector<SubscriptionChange> subscriptions;
  std::vector<BytesView> messages;  // encoded Messages (message.hpp)
  Control control;
  std::optional<Extensions> extensions;

  bool empty() const;
};

// Reads an RPC without its length. kTooLarge: over a limit; kMalformed, kTruncated.
Result<Rpc> read_rpc(BytesView bytes, const RpcLimits& limits = {});

// Writes an RPC behind its length.
Frame write_rpc(const Rpc& rpc);

// The frame that carries one encoded Message and nothing else.
Frame message_frame(BytesView encoded_message);

// As one frame, or as several where it would be larger than `size_max`, without its length, or have more
// entries than others read. Single entries are never split.
std::vector<Frame> write_split(const Rpc& rpc, std::size_t size_max);

}  // namespace warren::pubsub
