// What a server answers to each kind of message.
// https://github.com/libp2p/specs/blob/master/kad-dht/README.md#rpc-messages
#pragma once

#include "warren/core/address_scope.hpp"
#include "warren/core/host.hpp"
#include "warren/protocols/kad/members.hpp"
#include "warren/protocols/kad/peer_rates.hpp"
#include "warren/protocols/kad/records.hpp"
#include "warren/protocols/kad/told_peers.hpp"
#include "warren/protocols/kad/wire/message.hpp"

namespace warren::kad {

class Answers {
 public:
  // All outlive it.
  Answers(Host& host, const Config& config, Members& members, Records& records);

  // Appends the answer to FIND_NODE behind its length. False: the message is of another type.
  bool append_if_find_node(const Connection& connection, const Message& request, Bytes& to);
  // The same for all types, nothing for one that is not answered. Throws what refuses it: kMalformed,
  // kRateLimited, kUnsupported, kOldRecord, what a validator says...
  Task<void> append_answer(const ConnectionPtr& connection, Message request, Bytes& to);

  // Frees what is kept to answer faster, when its time is up.
  void sweep(Instant now) { told_.sweep(now); }

 private:
  Task<Message> get_value(const ConnectionPtr& connection, Message request);
  Task<Message> put_value(const ConnectionPtr& connection, Message request);
  Task<Message> get_providers(const ConnectionPtr& connection, Message request);
  Task<void> add_provider(const ConnectionPtr& connection, Message request);

  // The nearest to the key that the peer at the other end may be told of, without himself.
  std::vector<PeerInfo> closer_peers(const Connection& connection, BytesView key);
  // Whether we have had to do with the peer, and it has not gone since.
  bool is_known(const PeerId& peer) const;
  // Takes a token of the peer, who wants something written.
  void pay_for_write(const Connection& connection);

  Host& host_;
  const Config& config_;
  Members& members_;
  Records& records_;
  ToldPeers told_;
  Bytes find_node_;  // the answer in the making; keeps its memory
  PeerRates writers_;
};

}  // namespace warren::kad
