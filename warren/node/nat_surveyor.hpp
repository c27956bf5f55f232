// Decides when to ask STUN servers what they see of this node: as soon as some are known, again when there
// are enough of them to tell the NAT's class, after a change of the network, and every few minutes.
#pragma once

#include "warren/async/event.hpp"
#include "warren/async/task_group.hpp"
#include "warren/node/stun_servers.hpp"
#include "warren/protocols/identify/identify.hpp"
#include "warren/protocols/stun/client.hpp"

namespace warren {

inline constexpr Duration kSurveyInterval = std::chrono::minutes(10);
// Servers that are met within this time are asked together.
inline constexpr Duration kSurveyGathers = 100ms;

class NatSurveyor {
 public:
  // All outlive it.
  NatSurveyor(Host& host, identify::Identify& identify, stun::Client& client,
              std::vector<ServerName> configured);

  void start();
  Task<void> close();

  // Asks soon, as after a change of the network.
  void ask_again();
  // Asks now; returns when the answers are there, or the one under way has ended.
  Task<void> survey();

  // One for each socket that listens, of the last survey in which somebody could be asked; none right after
  // this machine's addresses have changed. While a survey is under way that finds another mapping than was
  // known, what it has found out so far.
  const std::vector<stun::NatReport>& reports() const { return reports_; }
  // Whether that is so, and the end of the survey will be told.
  bool is_partial() const { return partial_; }
  // Whether they are of the network as it is since its last change.
  bool is_fresh() const { return !stale_ && !reports_.empty(); }
  Signal<>& changed() { return changed_; }

 private:
  Task<void> run();
  Task<void> ask();
  Task<void> end_asking();
  void note_mapping(const stun::NatReport& report);
  bool offers_stun(const PeerId& peer) const;
  bool is_complete() const;
  void on_network_changed();
  Task<void> wait_for_change();

  Host& host_;
  identify::Identify& identify_;
  stun::Client& client_;
  std::vector<ServerName> configured_;
  std::vector<stun::NatReport> reports_;
  Signal<> changed_;
  bool due_ = false;
  bool asking_ = false;
  bool stale_ = false;
  bool partial_ = false;
  std::uint64_t networks_ = 0;  // counted
  std::vector<IpAddress> interfaces_;
  Event network_changed_;
  Event wake_;
  Event answered_;
  std::vector<Subscription> subscriptions_;
  TaskGroup tasks_;
};

}  // namespace warren
