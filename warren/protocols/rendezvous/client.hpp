// The client's side of rendezvous: one request to a point and its answer.
// https://github.com/libp2p/specs/blob/master/rendezvous/README.md#interaction
#pragma once

#include <expected>

#include "warren/core/host.hpp"
#include "warren/crypto/peer_record.hpp"
#include "warren/protocols/rendezvous/message.hpp"

namespace warren::rendezvous {

// One request, with its answer.
inline constexpr Duration kRequestTimeout = 20s;

struct Found {
  std::string name_space;
  PeerRecord record;  // its signature is the peer's own
  std::chrono::seconds ttl{};
};

struct Discovered {
  std::vector<Found> found;
  Bytes cookie;             // asks for what comes after these
  std::size_t refused = 0;  // registrations whose record is not valid, or of another namespace
};

// Which of our addresses may be registered at the other end of this connection: public ones, or those that
// lead there as well as to us when the point itself is on our network or machine.
std::vector<Multiaddr> registrable(const Connection& point, std::vector<Multiaddr> addresses);

// Registers this host with a record of `addresses`; how long it lasts, or why it was refused. `ttl` 0: as the
// point likes, usually 2 hours. A point that does not understand the record gets it in the RFC's form
// (record.hpp). Each of these throws what ends a conversation: kTimedOut, kMalformed,
// kProtocolNotSupported...
Task<std::expected<std::chrono::seconds, Status>> enroll(Host& host, ConnectionPtr point,
                                                         std::string name_space,
                                                         std::vector<Multiaddr> addresses,
                                                         std::chrono::seconds ttl = {});

// There is no answer; returns when the point has taken it.
Task<void> withdraw(Host& host, ConnectionPtr point, std::string name_space);

// Asks for at most `limit` registrations (0: as many as the point gives), all namespaces when it is empty.
// What is found is in the peerstore afterwards, too. Signatures are verified on the offload pool.
Task<std::expected<Discovered, Status>> discover(Host& host, ConnectionPtr point, std::string name_space,
                                                 std::size_t limit = 0, Bytes cookie = {});

}  // namespace warren::rendezvous
