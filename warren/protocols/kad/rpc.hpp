// One question to one peer: reaches it, asks, and checks what it answers.
// https://github.com/libp2p/specs/blob/master/kad-dht/README.md#rpc-messages
#pragma once

#include <functional>

#include "warren/core/host.hpp"
#include "warren/protocols/kad/idle_streams.hpp"
#include "warren/protocols/kad/kad.hpp"
#include "warren/protocols/kad/wire/message.hpp"

namespace warren::kad {

struct RpcCounters {
  std::uint64_t sent = 0;
  std::uint64_t failed = 0;
};

class Rpc {
 public:
  // Who is told how a question ended: the connection on which the peer answered and whether it told anything
  // that we did not ask it for our own sake, or the peer that did not answer and why. Not called for
  // questions that are canceled.
  using Answered = std::function<void(const ConnectionPtr&, bool useful)>;
  using Failed = std::function<void(const PeerId&, std::error_code)>;

  // `host` and `config` outlive it.
  Rpc(Host& host, const Config& config, Answered answered, Failed failed);

  // The answer, of the question's type and for its key. Named peers are stripped of the addresses that are
  // not allowed (address_policy.hpp) and left out when nothing leads to them; so are we. Throws what
  // connecting throws, kTimedOut, kProtocolNotSupported, kMalformed: the answer is no answer to this.
  Task<Message> ask(PeerInfo peer, Message question);

  // For messages that are not answered (ADD_PROVIDER): returns when the peer has read it and ended its half;
  // kReset, when it refused.
  Task<void> tell(PeerInfo peer, Message message);

  // Streams kept for later.
  IdleStreams& idle() { return idle_; }
  const RpcCounters& counters() const { return counters_; }

 private:
  Task<Message> ask_connected(PeerInfo peer, Message question);
  Task<Bytes> exchange(ConnectionPtr connection, Bytes wire);
  Task<Bytes> exchange_on(ConnectionPtr connection, StreamPtr stream, const Bytes& wire);
  Task<void> tell_connected(PeerInfo peer, Message message);
  Task<void> tell_on(ConnectionPtr connection, Bytes wire);
  Task<ConnectionPtr> reach(PeerInfo peer);
  void check(const Message& question, Message& answer, const Connection& connection);

  Host& host_;
  const Config& config_;
  Answered answered_;
  Failed failed_;
  IdleStreams idle_;
  RpcCounters counters_;
};

}  // namespace warren::kad
