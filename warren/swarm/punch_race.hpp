// The attempts of one punch, all at once and again and again, until there is a direct connection to the peer:
// one that an attempt has made, or one that the peer made meanwhile.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "warren/async/task_group.hpp"
#include "warren/core/peerstore.hpp"
#include "warren/env/env.hpp"
#include "warren/swarm/dial_rate.hpp"
#include "warren/swarm/punch_plan.hpp"
#include "warren/swarm/punch_table.hpp"
#include "warren/swarm/swarm_state.hpp"
#include "warren/swarm/upgrader.hpp"

namespace warren {

// What punching needs of a swarm; all of it outlives whoever punches.
struct PunchNeeds {
  Env& env;
  SwarmState& state;
  Gate& gate;
  Upgrader& upgrader;
  const Transports& transports;
  Peerstore& peerstore;
  // Makes it one of the swarm's connections.
  std::function<std::expected<void, Refusal>(UpgradedConnection)> adopt;
  // The best open direct connection that is not suspect, or null.
  std::function<ConnectionPtr(const PeerId&)> direct_connection;
  // A punch has led to one.
  std::function<void(const PeerId&)> punched;
};

struct Hearing;

class PunchRace {
 public:
  // `listening`: our own addresses. A pipe that leaves from elsewhere is no half of a punch.
  PunchRace(const PunchNeeds& needs, PunchTable& table, DialRate& flows, const PunchCall& call,
            std::vector<PunchTarget> targets, std::vector<Multiaddr> listening);

  // Until there is a direct connection, the time is over, or nothing is left to try. In any case, and when
  // canceled, no attempt runs any more afterwards. To be called once.
  Task<void> run();

  // Of each target, after the run.
  std::vector<DialOutcome> outcomes() const;

 private:
  struct Attempt {
    PunchTarget target;
    DialOutcome outcome;
    std::size_t proposal = 0;    // the security to propose next
    std::size_t handshakes = 0;  // that came to nothing
    std::size_t strays = 0;      // pipes from another port than ours
    bool ended = false;
  };

  Task<void> run_all();
  Task<void> wait_for_end();
  Task<void> run_attempt(std::size_t index);
  // Each until it has succeeded, or throws what can't be helped by trying again.
  Task<void> try_target(std::size_t index);
  // Before the next try.
  Duration pause(std::size_t index) const;
  Task<void> knock(std::size_t index);
  Task<void> dial_until_open(std::size_t index);
  Task<UpgradedConnection> dial_muxed(std::size_t index);
  Task<UpgradedConnection> dial_pipe(std::size_t index, PunchedEndpointPtr endpoint);
  void check_stray(Attempt& attempt);
  Task<UpgradedConnection> shake_hands(std::size_t index, RawConnection raw);
  Task<UpgradedConnection> expect_client(RawConnection raw);
  // Ends when the client has not said a word in time.
  Task<void> wait_for_silence(std::shared_ptr<Hearing> hearing);
  // Throws the error unless it makes sense to try again.
  void note_failure(Attempt& attempt, std::error_code error);
  void win(Attempt& attempt, UpgradedConnection upgraded);
  void settle();

  const PunchNeeds& needs_;
  PunchTable& table_;
  DialRate& flows_;
  PeerId peer_;
  PunchRole role_;
  std::vector<Multiaddr> listening_;
  std::vector<ProtocolId> proposals_;
  Instant deadline_;
  std::vector<Attempt> attempts_;
  std::size_t under_way_;
  Event changed_;
  Subscription connected_;
  TaskGroup running_;
};

}  // namespace warren
