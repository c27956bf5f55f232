// The asking side of AutoNAT: has a peer dial one of our addresses, and takes the nonce that proves it.
// https://github.com/libp2p/specs/blob/master/autonat/autonat-v2.md (v1: autonat-v1.md)
#pragma once

#include <map>
#include <string>
#include <vector>

#include "warren/async/event.hpp"
#include "warren/core/host.hpp"
#include "warren/protocols/autonat/reachability.hpp"

namespace warren::autonat {

// One question, with the server's dial and the data that it may want first.
inline constexpr Duration kAskTimeout = 25s;
// v1 servers answer late when they have failed, lest anybody scans ports with their help.
inline constexpr Duration kAskV1Timeout = 45s;
// For the dial-back that a server says has succeeded: it may come behind the answer.
inline constexpr Duration kDialBackAwaited = 3s;
// Questions that wait for their dial-back at a time.
inline constexpr std::size_t kQuestionsMax = 64;

struct Answer {
  Finding finding = Finding::kFailed;
  // Which of the addresses was tried. Nothing: none, or it was not told.
  std::optional<Multiaddr> address;
  // The other end of the connection over which the server dialed back; v2 only.
  std::optional<Multiaddr> dialed_from;
  bool proven = false;      // by the nonce
  std::error_code error;    // of kFailed and kRefused
  bool overloaded = false;  // refused for being too busy, not because of the addresses
  std::string why;          // in words, when it is not kReachable
  std::uint64_t data_sent = 0;
};

class Client {
 public:
  // The host outlives it.
  explicit Client(Host& host) : host_(host) {}

  // Serves dial-backs from now on.
  void start();
  // Whoever asks must have ended.
  Task<void> close();

  // Asks the peer to dial the first of these addresses that it likes (v2). `send_data`: pays for an address
  // whose IP is not the one the peer sees us at, up to kDialDataMax bytes. What goes wrong is in the answer.
  // Cancelable.
  Task<Answer> ask(ConnectionPtr server, std::vector<Multiaddr> addresses, bool send_data = true);
  // The same of a peer that speaks v1 only: it may try all of them, and others with our IP.
  Task<Answer> ask_v1(ConnectionPtr server, std::vector<Multiaddr> addresses);

 private:
  struct DialBack {
    Instant asked_at;
    std::optional<Multiaddr> local;
    std::optional<Multiaddr> remote;
  };
  class Awaited;

  Task<Answer> converse(ConnectionPtr server, std::vector<Multiaddr> addresses, bool send_data);
  Task<Answer> converse_v1(ConnectionPtr server, std::vector<Multiaddr> addresses);
  Task<void> wait_for_dial_back(const DialBack* dial_back);
  Task<void> take_dial_back(ConnectionPtr connection, StreamPtr stream);

  Host& host_;
  std::map<std::uint64_t, DialBack> awaited_;  // by nonce
  Event arrived_;
};

}  // namespace warren::autonat
