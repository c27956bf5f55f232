// Every bound of broadcasts, each with its reason. Nothing a peer or an origin sends makes it take more.
#pragma once

#include <chrono>
#include <cstddef>

#include "warren/base/time.hpp"

namespace warren {

struct BroadcastLimits {
  // A payload goes to everybody: what fits into one RPC of stock peers (1 MiB) with its envelope. Bigger data
  // is fetched from who has it.
  std::size_t payload_max = 1000 * 1024;
  // Older or newer live messages are ignored, as messages are (messaging/limits.hpp).
  std::chrono::milliseconds past_max = std::chrono::seconds(120);
  std::chrono::milliseconds future_max = std::chrono::seconds(30);
  std::chrono::milliseconds ttl_max = std::chrono::days(7);

  // Signatures that one origin can make us verify. All origins together are bounded by the pool's queue.
  double origin_messages_per_second = 200;
  double origin_messages_burst = 2000;
  // Origins that were busy in the last seconds. Their names cost nothing, so there may be many.
  std::size_t busy_origins_max = 65'536;
  // Signatures that turned out bad, of one peer that brought them: whoever is over it is not listened to. An
  // honest node brings none at all; one of another make, that checks nothing, brings what it is given.
  double forgeries_per_second = 1;
  double forgeries_burst = 50;
  std::size_t forgers_max = 16'384;
  // Keys of origins that are kept imported, which is a quarter of what a verification takes; 2 KiB each.
  std::size_t keys_max = 4096;
  // Messages whose nonces are kept, to tell a copy from a contradiction; 150 bytes each.
  std::size_t nonces_max = 16'384;

  // Topics that were published to in this run: their numbers are never forgotten.
  std::size_t topics_max = 16'384;
  // Verified messages of one topic that wait for the disk; what comes then waits with its bringer.
  std::size_t waiting_messages_max = 4096;
  std::size_t waiting_bytes_max = 16 * 1024 * 1024;

  // Origins (a node in one run) whose numbers are followed on one topic; those not heard of longest go first.
  std::size_t origins_max = 16'384;
  // Missing numbers that are followed, of one origin and in all; further ones are lost at once.
  std::size_t origin_gap_max = 16'384;
  std::size_t gaps_max = 262'144;
  // After the message that shows a gap, before it is reported and fetched: other copies are on their way.
  Duration gap_grace = std::chrono::seconds(1);
  // A gap that all who were asked in this time don't have is lost.
  Duration gap_patience = std::chrono::seconds(120);

  // Repair: how often a reliable topic compares notes with a peer, what one exchange carries, and who is
  // served.
  Duration compare_interval = std::chrono::seconds(5);
  Duration repair_timeout = std::chrono::seconds(20);
  std::size_t repair_bytes_max = 4 * 1024 * 1024;
  std::size_t repair_request_max = 512 * 1024;
  double repairs_per_second = 2;  // served, of one peer
  double repairs_burst = 20;
};

}  // namespace warren
