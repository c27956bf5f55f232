// One survey of one socket, under way: sends what the policy (survey.hpp) says, and tells it what comes in.
#pragma once

#include <memory>

#include "warren/async/task_group.hpp"
#include "warren/core/host.hpp"
#include "warren/core/shared_sockets.hpp"
#include "warren/protocols/stun/probe_message.hpp"
#include "warren/protocols/stun/survey.hpp"

namespace warren::stun {

// A peer tells where it serves STUN, or does a favour, within this time.
inline constexpr Duration kFavorTimeout = 1s;

class Round {
 public:
  // Host and sockets outlive it. `local` is one of the shared sockets' endpoints, `helpers` are connections
  // to peers that serve STUN.
  Round(Host& host, SharedSockets& sockets, const Endpoint& local, std::vector<ConnectionPtr> helpers);

  // Told once what is known when everybody is found to see the same port; before run().
  void tell_mapping_to(std::function<void(const NatReport&)> on_mapped) { on_mapped_ = std::move(on_mapped); }

  // Once. Nothing when there was nobody to ask in this family. Cancelable.
  Task<std::optional<NatReport>> run(std::vector<Endpoint> configured);

 private:
  Task<void> go(std::vector<Endpoint> configured);
  Task<void> do_step(Step step);
  Task<void> receive_loop();
  // Asks the helper where it serves STUN.
  Task<void> introduce(std::size_t helper);
  Task<void> introduced(std::size_t helper);
  Task<void> favor(AskFavor favor);
  Task<ProbeResponse> ask(ConnectionPtr helper, ProbeRequest request);
  void add_offer(const Connection& connection, std::size_t helper, const Offer& offer);
  void tell_mapping();
  void wake();

  Host& host_;
  SharedSockets& sockets_;
  Endpoint local_;
  std::vector<ConnectionPtr> helpers_;
  std::size_t introductions_ = 0;  // under way
  Survey survey_;
  std::unique_ptr<DatagramSocket> probe_;
  Subscription strays_;
  std::function<void(const NatReport&)> on_mapped_;  // until it has been told
  bool news_ = false;
  Event changed_;
  TaskGroup tasks_;
};

}  // namespace warren::stun
