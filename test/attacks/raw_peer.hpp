// A peer that keeps to no rule: real handshakes, but what it then sends are bytes of its own choice.
#pragma once

#include "warren/async/task_group.hpp"
#include "warren/core/secure_channel.hpp"
#include "warren/crypto/keys.hpp"
#include "warren/env/env.hpp"
#include "warren/multiformats/multiaddr.hpp"
#include "warren/muxer/yamux/frame.hpp"

namespace warren::attacks {

struct Victim {
  Multiaddr address;  // without /p2p
  PeerId peer;
};

// A pipe on which this security protocol has been proposed optimistically.
Task<StreamPtr> dial(Env& env, Victim victim, std::string_view security);

PrivateKey new_key(Env& env);

class RawPeer {
 public:
  // Connects with a new key, over Noise; yamux is agreed on and left to the caller.
  static Task<std::unique_ptr<RawPeer>> connect(Env& env, Victim victim);

  const PrivateKey& key() const { return key_; }
  const PeerId& peer_id() const { return peer_id_; }

  Task<void> write(Bytes frames);
  // Reads and forgets what the victim says, from now on.
  void ignore_answers() { tasks_.spawn(read_all()); }
  // Says no more, and waits until the victim has heard all of it and hangs up. Precondition:
  // ignore_answers().
  Task<void> finish();
  Task<void> close();

 private:
  RawPeer(Env& env, PrivateKey key);
  Task<void> read_all();
  Task<void> wait_for_end();

  Env& env_;
  PrivateKey key_;
  PeerId peer_id_;
  std::unique_ptr<SecureChannel> channel_;
  TaskGroup tasks_;
};

// --- yamux frames ---

// The stream that a peer which dialed opens as its n-th, from 0.
constexpr yamux::StreamId stream_number(std::size_t n) {
  return static_cast<yamux::StreamId>(2 * n + 1);
}

// Opens the stream and does nothing with it.
void append_open(Bytes& frames, yamux::StreamId stream);
// Opens the stream, proposes the protocol, says `payload` and ends the half.
void append_conversation(Bytes& frames, yamux::StreamId stream, std::string_view protocol, BytesView payload);

}  // namespace warren::attacks
