// Every bound of messaging, each with its reason. Nothing a peer sends can make it take more than this.
#pragma once

#include <cstddef>

#include "warren/base/time.hpp"

namespace warren {

struct MessagingLimits {
  // --- sizes ---
  // A body is verified whole, so it is held whole. Bigger things will go in chunks.
  std::size_t body_max = 16 * 1024 * 1024;
  // Names of services are for people.
  std::size_t service_name_max = 128;
  // Bodies being received or answered, of one peer: two of the largest and some small ones.
  std::size_t peer_bytes_max = 48 * 1024 * 1024;
  // And of all peers: what a small machine can spare.
  std::size_t total_bytes_max = 256 * 1024 * 1024;

  // --- conversations ---
  // Inbound streams of our protocols: above what an honest sender runs in parallel (outbound_max).
  std::size_t peer_streams_max = 128;
  std::size_t total_streams_max = 2048;
  // Running service handlers; each may be a process.
  std::size_t peer_handlers_max = 32;
  std::size_t total_handlers_max = 256;
  // Messages and requests on their way to one peer; more wait. Below peer_streams_max of the other side.
  std::size_t outbound_max = 64;

  // --- rate of one peer ---
  // Signatures that a peer can make us verify: a fifth of what one core can do, in the long run.
  double messages_per_second = 500;
  double messages_burst = 2000;

  // --- replay protection ---
  // Sequence numbers may arrive this much out of order (identity.md).
  static constexpr std::size_t kSequenceWindow = 1024;
  // Nonces kept per sender: 150 s of window at the rate above, rounded down; over it the sender is refused.
  std::size_t sender_nonces_max = 65536;
  // And of all senders: 16 MiB of memory or so.
  std::size_t total_nonces_max = 262144;
  // Senders with a sequence window; each has one for at most `sender_epochs_max` process starts.
  std::size_t senders_max = 16384;
  std::size_t sender_epochs_max = 4;

  // --- finished answers, for retries ---
  Duration answer_lifetime = std::chrono::minutes(10);
  std::size_t sender_answers_max = 16384;
  std::size_t sender_answer_bytes_max = 32 * 1024 * 1024;
  std::size_t total_answers_max = 131072;
  std::size_t total_answer_bytes_max = 128 * 1024 * 1024;

  // --- time ---
  // Older or newer messages are refused: clocks of machines without NTP differ by a minute or two, but a
  // message cannot come from the future for long.
  std::chrono::milliseconds past_max = std::chrono::seconds(120);
  std::chrono::milliseconds future_max = std::chrono::seconds(30);
  // A message may overtake the binding of its connection by this much.
  Duration binding_wait = std::chrono::seconds(5);
  // How long a binding of ours is good for, and when it is made anew.
  std::chrono::milliseconds binding_lifetime = std::chrono::days(7);
  std::chrono::milliseconds binding_renewal = std::chrono::days(6);
  // One whole message, both ways: 16 MiB at 2 Mbit/s.
  Duration message_timeout = std::chrono::seconds(70);
  // An inbound envelope must be there whole by then.
  Duration receive_timeout = std::chrono::seconds(70);
  // A service handler is canceled after this.
  Duration handler_timeout = std::chrono::minutes(5);
};

}  // namespace warren
