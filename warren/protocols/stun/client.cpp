#include "warren/protocols/stun/client.hpp"

#include <algorithm>
#include <set>

#include "warren/async/cancellation.hpp"
#include "warren/core/address_scope.hpp"
#include "warren/core/spoken_protocol.hpp"
#include "warren/protocols/stun/round.hpp"

namespace warren::stun {

namespace {

// An unspecified address is all of them.
int reach(const Endpoint& endpoint) {
  if (endpoint.address.is_unspecified()) return static_cast<int>(AddressScope::kPublic) + 1;
  return static_cast<int>(scope_of(endpoint.address));
}

// Of each family, the socket that reaches farthest.
std::vector<Endpoint> one_of_each_family(const std::vector<Endpoint>& endpoints) {
  std::vector<Endpoint> chosen;
  for (const bool v4 : {true, false}) {
    std::optional<Endpoint> best;
    for (const Endpoint& each : endpoints) {
      if (each.address.is_v4() == v4 && (!best || reach(each) > reach(*best))) best = each;
    }
    if (best) chosen.push_back(*best);
  }
  return chosen;
}

}  // namespace

std::vector<ConnectionPtr> Client::helpers() const {
  std::vector<ConnectionPtr> found;
  std::set<PeerId> peers;
  for (const ConnectionPtr& connection : host_.connections()) {
    if (found.size() >= kPeersAskedMax) break;
    const PeerId& peer = connection->remote_peer();
    const bool relayed = connection->remote_address().has(Protocol::kP2pCircuit);
    if (!connection->is_open() || relayed || peers.contains(peer)) continue;
    if (!speaks(host_.peerstore(), peer, kProtocol).value_or(false)) continue;
    peers.insert(peer);
    found.push_back(connection);
  }
  return found;
}

Task<std::vector<NatReport>> Client::survey(std::vector<Endpoint> configured, OnMapped on_mapped) {
  TaskGroup tasks(host_.env().executor, "stun surveys");
  std::vector<NatReport> reports;
  auto surveying = survey_all(tasks, std::move(configured), std::move(on_mapped), reports);
  co_await finally(std::move(surveying), tasks.close());
  const auto is_v4 = [](const NatReport& report) { return report.local.address.is_v4(); };
  std::ranges::sort(reports, std::ranges::greater(), is_v4);
  co_return reports;
}

Task<void> Client::survey_all(TaskGroup& tasks, std::vector<Endpoint> configured, OnMapped on_mapped,
                              std::vector<NatReport>& reports) {
  for (const Endpoint& local : one_of_each_family(sockets_.endpoints())) {
    tasks.spawn(survey_from(local, configured, on_mapped, reports));
  }
  co_await tasks.join();
}

Task<void> Client::survey_from(Endpoint local, std::vector<Endpoint> configured, OnMapped on_mapped,
                               std::vector<NatReport>& reports) {
  Round round(host_, sockets_, local, helpers());
  round.tell_mapping_to(std::move(on_mapped));
  auto report = co_await round.run(std::move(configured));
  if (report) reports.push_back(std::move(*report));
}

}  // namespace warren::stun
