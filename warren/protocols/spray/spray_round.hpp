// One spray that both sides have agreed on, under way, on either side: sockets or probes, the dial when two
// have met, and what the other side says meanwhile.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "warren/async/task_group.hpp"
#include "warren/core/host.hpp"
#include "warren/core/punch.hpp"
#include "warren/protocols/spray/openers.hpp"
#include "warren/protocols/spray/prober.hpp"

namespace warren::spray {

// What was agreed.
struct Pact {
  PeerId peer;
  Role ours = Role::kOpens;
  Secret secret;
  Endpoint probing;   // where the probing side's QUIC is seen
  IpAddress opening;  // as which IP the opening side is seen
  Instant deadline{};
};

struct Failure {
  std::error_code error;
  std::optional<RelayReason> reason{};
  std::string why{};
};

// A dial from the socket that was found.
inline constexpr Duration kDialMax = 3s;
// How long a connection may take to show that the other side speaks of, or was about to make when the
// conversation ended.
inline constexpr Duration kEndGrace = 2s;

class SprayRound {
 public:
  // `stream` is that of the conversation, after both SPRAYs. `local`: what our listening QUIC socket is bound
  // to. All outlive it.
  SprayRound(Host& host, PunchDialer& dialer, SharedSockets& sockets, SprayBudget& budget, ByteStream& stream,
             const Endpoint& local, Pact pact);

  // Once. Nothing: there is a direct connection. Cancelable.
  Task<std::optional<Failure>> run();

 private:
  Task<std::optional<Failure>> go();
  Task<std::optional<Failure>> meet();
  Task<void> clean_up();
  Task<void> hear_peer();
  Task<void> hear_end();
  Task<void> say_end(std::optional<Failure> failure);
  Task<void> try_hit(Openers::Hit hit);
  Task<Result<>> answer(DatagramSocket* socket, Endpoint to);
  Failure failure() const;
  bool is_direct() const;
  void wake() { changed_.notify_all(); }

  Host& host_;
  PunchDialer& dialer_;
  SharedSockets& sockets_;
  ByteStream& stream_;
  Pact pact_;
  std::optional<Openers> openers_;
  std::optional<Prober> prober_;
  std::optional<Instant> peer_ended_;  // with the grace
  std::optional<Failure> peer_failure_;
  std::error_code dial_error_;
  Event changed_;
  Subscription connected_;
  TaskGroup tasks_;
};

}  // namespace warren::spray
