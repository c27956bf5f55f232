// The way in for every envelope: read within limits, checked cheapest first, and verified on the offload
// pool. docs/wire.md, "Receiving".
#pragma once

#include "warren/core/host.hpp"
#include "warren/messaging/binding_exchange.hpp"
#include "warren/messaging/counters.hpp"
#include "warren/messaging/peer_quota.hpp"

namespace warren {

// A message that passed all checks. It is remembered (ReceiveRules::remember) by whoever takes it.
struct Received {
  Header header;
  MessageId id{};
  NodeId sender;
  Bytes body;
  WallTime at{};
};

class EnvelopeReceiver {
 public:
  // All outlive this object.
  EnvelopeReceiver(Env& env, const MessagingConfig& config, ReceiveRules& rules, BindingExchange& bindings,
                   MessagingCounters& counters);

  // Reads one length-delimited message of at most `size_max` bytes; each byte that has come is charged to
  // `lease`. Throws kLimitReached when that has no more room, after the rest was read and thrown away, so
  // that the peer can be told; kTooLarge at once; kTimedOut. Its peer's bytes cannot make it wait for other
  // peers.
  Task<Bytes> read(ByteStream& stream, PeerQuota::Lease& lease, std::size_t size_max);

  // The same without a time limit, for an answer that we wait for.
  Task<Bytes> read_answer(ByteStream& stream, PeerQuota::Lease& lease, std::size_t size_max);

  // Decodes and checks an envelope that came over this connection. The reason why not, see ReceiveRules,
  // BindingExchange::bound and verify_signature.
  Task<Result<Received>> open(ConnectionPtr connection, Bytes wire, ReceiveRules::Purpose purpose);

 private:
  Env& env_;
  const MessagingConfig& config_;
  ReceiveRules& rules_;
  BindingExchange& bindings_;
  MessagingCounters& counters_;
};

}  // namespace warren
