// What a gossipsub router goes by: the spec's parameters, and the bounds on what peers make it keep.
// https://github.com/libp2p/specs/blob/master/pubsub/gossipsub/gossipsub-v1.1.md#overview-of-new-parameters
#pragma once

#include "warren/base/time.hpp"
#include "warren/protocols/pubsub/score/params.hpp"
#include "warren/protocols/pubsub/wire/rpc.hpp"

namespace warren::pubsub {

struct GossipParams {
  // --- the mesh of a topic: its desired size, and when it is mended ---
  std::size_t d = 8;
  std::size_t d_low = 6;
  std::size_t d_high = 12;
  std::size_t d_score = 4;  // of those that stay when it is too large: the best
  std::size_t d_out = 2;    // of all: those that we dialed, against eclipse
  Duration heartbeat_interval = 1s;
  std::uint64_t opportunistic_graft_ticks = 60;  // heartbeats
  std::size_t opportunistic_graft_peers = 2;

  // --- gossip: whom the ids of recent messages are told besides the mesh ---
  std::size_t d_lazy = 6;
  double gossip_factor = 0.25;
  std::size_t history_length = 5;  // heartbeats that a message can be asked for
  std::size_t history_gossip = 3;  // heartbeats that it is told of
  std::size_t history_bytes_max = 32 * 1024 * 1024;
  Duration seen_ttl = 120s;
  std::size_t seen_max = 262'144;                  // messages; the oldest go first
  std::size_t ihave_ids_max = 5000;                // in one IHAVE, and asked of one peer in a heartbeat
  std::size_t ihave_messages_max = 10;             // of one peer in a heartbeat
  Duration iwant_followup = 3s;                    // a promise of a message is broken then
  std::size_t gossip_retransmission = 3;           // of one message to one peer that asks again and again
  std::size_t iwant_bytes_max = 16 * 1024 * 1024;  // sent to one peer that asks, in a heartbeat

  // --- back-off: after a PRUNE nobody grafts for so long ---
  Duration prune_backoff = 60s;
  Duration unsubscribe_backoff = 10s;
  Duration backoff_max = 1h;             // whatever a peer says
  Duration graft_flood_threshold = 10s;  // a GRAFT so soon after a PRUNE costs twice
  std::size_t prune_peers = 16;          // offered in a PRUNE, and taken from one
  bool peer_exchange = false;            // offer peers; for public, well connected nodes

  // --- own messages ---
  bool flood_publish = true;  // to all peers of the topic whose score allows it
  Duration fanout_ttl = 60s;  // the peers that messages of topics not joined go to

  // --- large messages ---
  std::size_t idontwant_size = 1024;  // from here: IDONTWANT at arrival
  std::size_t idontwant_max = 1000;   // ids taken of one peer in a heartbeat
  std::size_t stagger_size = 2048;    // from here: sent to some first, to others if they do not say IDONTWANT
  // Between two turns of a message, at most: in fast networks it is less (stagger.hpp). Twice as long for
  // those of 32 KiB and more. 0: no message is staggered.
  Duration stagger_interval = 150ms;

  // --- peers ---
  std::size_t topics_per_peer_max = 1024;   // subscriptions that are kept of one peer
  std::size_t topics_max = 65'536;          // known of all peers together
  Duration direct_connect_interval = 300s;  // explicit peers are dialed again

  RpcLimits rpc = {};
  ScoreParams score = {};
  bool scoring = true;

  // kBadConfig: d_low <= d <= d_high, d_out < d_low...
  Result<> check() const;
};

}  // namespace warren::pubsub
