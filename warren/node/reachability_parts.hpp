// What a node's reachability is made of, top to bottom.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "warren/async/task_group.hpp"
#include "warren/node/config.hpp"
#include "warren/node/discovery_parts.hpp"
#include "warren/node/nat_surveyor.hpp"
#include "warren/node/probe_host.hpp"
#include "warren/node/reachability.hpp"
#include "warren/node/reachability_rules.hpp"
#include "warren/node/relay_finder.hpp"
#include "warren/node/service_switch.hpp"
#include "warren/protocols/autonat/checker.hpp"
#include "warren/protocols/autonat/client.hpp"
#include "warren/protocols/autonat/observed_addresses.hpp"
#include "warren/protocols/autonat/server.hpp"
#include "warren/protocols/identify/identify.hpp"
#include "warren/protocols/relay/client.hpp"
#include "warren/protocols/relay/service.hpp"
#include "warren/protocols/stun/client.hpp"
#include "warren/protocols/stun/server.hpp"
#include "warren/swarm/host.hpp"

namespace warren {

// What the node lends. All of it outlives reachability.
struct ReachabilityNeeds {
  SwarmHost& host;
  quic::QuicTransport* quic;  // null in a private network: there is no STUN then
  relay::CircuitTransport& circuits;
  PipeProtector* protector;  // null unless the network is private
  identify::Identify& identify;
  Discovery::Parts& discovery;
  const Config& config;
};

// A reservation was made, or was lost for this reason.
struct RelayChange {
  PeerId relay;
  bool held = false;
  std::error_code reason;
};

struct Reachability::Parts {
  // Throws kBadConfig.
  explicit Parts(ReachabilityNeeds needs);

  void start();
  Task<void> close();

  ReachabilityFacts facts() const;
  autonat::Verdict verdict() const;
  LifeStage stage() const;
  bool is_announced(const autonat::OwnAddress& address) const;
  Instant now() const;
  // Of the last survey; none without QUIC.
  std::vector<stun::NatReport> nat_reports() const;

  ReachabilityNeeds needs;
  bool private_network;

  autonat::ReachabilityBook book;
  autonat::ObservedAddresses observed;
  autonat::Client checks;
  autonat::Checker checker;
  std::unique_ptr<ProbeHost> probe;                // from the moment on that others are helped
  std::unique_ptr<autonat::Server> checks_others;  // the same
  std::unique_ptr<stun::Client> stun_client;       // null without QUIC
  std::unique_ptr<NatSurveyor> surveyor;           // the same
  std::unique_ptr<stun::Server> stun_server;       // the same
  relay::Client relays;
  relay::Service relay_service;
  RelayFinder relay_finder;

  Signal<autonat::Verdict> verdict_changed;
  Signal<const RelayChange&> relay_changed;

 private:
  // Where STUN servers see us, and where our TCP port would be if the router kept its number.
  void offer_mapped();
  // Whatever has changed: decides anew what the node does about it.
  void update();
  void settle();
  void announce();
  void tell_changes(autonat::Verdict verdict);
  Task<void> start_helping();
  Task<void> stop_helping();
  Task<void> start_relaying();
  // Those of the interfaces that we listen on.
  std::vector<Multiaddr> listening() const;

  autonat::Verdict told_ = autonat::Verdict::kUnknown;
  std::vector<PeerId> told_relays_;
  bool changed_ = false;
  bool updating_ = false;
  bool leaving_ = false;
  std::vector<Subscription> subscriptions_;
  TaskGroup tasks_;
  ServiceSwitch helping_;
  ServiceSwitch relaying_;
};

}  // namespace warren
