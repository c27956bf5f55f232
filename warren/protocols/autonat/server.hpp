// The answering side of AutoNAT: dials peers back at addresses they name, over a second host with sockets and
// a key of its own, and tells them what came of it. It never dials anybody but the asker's own IP without
// having been sent more bytes than a handshake has.
// https://github.com/libp2p/specs/blob/master/autonat/autonat-v2.md (v1: autonat-v1.md)
#pragma once

#include <set>
#include <string>
#include <vector>

#include "warren/async/event.hpp"
#include "warren/core/host.hpp"
#include "warren/core/limit.hpp"
#include "warren/protocols/autonat/dial_budget.hpp"
#include "warren/protocols/autonat/dial_policy.hpp"
#include "warren/protocols/autonat/v1_message.hpp"
#include "warren/protocols/autonat/v2_message.hpp"

namespace warren::autonat {

struct ServerOptions {
  // Peers at private and loopback addresses are dialed, too: this network is a private one.
  bool private_networks = false;
  // Whether the prober has a transport for WebSocket.
  bool websocket = false;
  // Before dialing an IP that is not the asker's: up to this, by chance, so that many askers at once do not
  // make a flood at that IP.
  Duration foreign_delay_max = 1500ms;
  // A dial that has not ended by then has failed. The prober's own limits should be shorter: 3 s an attempt.
  Duration dial_timeout = 6s;
  // An answer about a failed v1 dial comes this late at least: who gets it earlier for closed ports than for
  // filtered ones could scan those of his neighbours behind the same NAT.
  Duration v1_failure_delay = 3s;
};

// What AutoNAT takes up, of the node's limits (in a minute). They outlive the server.
struct Accounts {
  Limit& dials;
  Limit& dials_per_peer;
};

struct ServerCounters {
  std::uint64_t dialed = 0;
  std::uint64_t reachable = 0;    // of these
  std::uint64_t refused = 0;      // addresses that are not dialed
  std::uint64_t rejected = 0;     // for being over a limit
  std::uint64_t data_wanted = 0;  // questions that had to be paid for
};

class Server {
 public:
  // All outlive it. `prober`: a host without listeners and protocols, with a peerstore that remembers nothing
  // (blank_peerstore.hpp), for no other use.
  Server(Host& host, Host& prober, Accounts accounts, ServerOptions options = {});

  void start();
  // The host has been closed, or no handler runs any more.
  Task<void> close();

  const ServerCounters& counters() const { return counters_; }

 private:
  enum class Dialed { kReached, kNotReached, kNotTried };
  class Turn;

  // One conversation of each version.
  Task<void> serve_v2(ConnectionPtr connection, StreamPtr stream);
  Task<v2::Message> answer_v2(ConnectionPtr connection, ByteStream* stream, Bytes request);
  Task<void> take_dial_data(ByteStream* stream, std::uint32_t index);
  Task<v2::DialResponse> dial_back(PeerId peer, Multiaddr address, std::uint32_t index, std::uint64_t nonce);
  Task<void> serve_v1(ConnectionPtr connection, StreamPtr stream);
  Task<v1::DialResponse> answer_v1(ConnectionPtr connection, Bytes request);

  // Dials the peer there and nowhere else. The connection, while it is open.
  struct DialResult {
    Dialed dialed = Dialed::kNotTried;
    ConnectionPtr connection;
  };
  Task<DialResult> dial(PeerId peer, std::vector<Multiaddr> addresses);
  DialPolicy policy(const Connection& asker) const;

  Host& host_;
  Host& prober_;
  ServerOptions options_;
  DialBudget budget_;
  ServerCounters counters_;
  std::set<PeerId> dialing_;  // one at a time for each peer: the prober makes one of several dials to one
  Event turn_ended_;
  Subscription strays_;
};

}  // namespace warren::autonat
