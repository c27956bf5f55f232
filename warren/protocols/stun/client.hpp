// Finds out what the NAT in front of this node does, by asking STUN servers: configured ones, and connected
// peers that serve STUN. https://www.rfc-editor.org/rfc/rfc5780#section-3
//
// The mapping is that of the sockets that peers are to reach. Filtering and hairpinning are those of a fresh
// socket beside each: what a NAT lets in depends on whom the socket has contacted before, and these have
// contacted nobody.
#pragma once

#include "warren/async/task_group.hpp"
#include "warren/core/host.hpp"
#include "warren/core/shared_sockets.hpp"
#include "warren/protocols/stun/nat_report.hpp"
#include "warren/protocols/stun/probe_message.hpp"

namespace warren::stun {

// Peers that are asked for one survey.
inline constexpr std::size_t kPeersAskedMax = 6;

class Client {
 public:
  // Host and sockets outlive it.
  Client(Host& host, SharedSockets& sockets) : host_(host), sockets_(sockets) {}

  // Told of a report before its survey has ended.
  using OnMapped = std::function<void(const NatReport&)>;

  // One report for each family in which a socket listens and somebody could be asked, IPv4 first; takes 3 s
  // at most, even when nobody answers, and usually less than a second and a half. Cancelable; the host is
  // still there when it ends. `on_mapped` (may be empty) is told once for each family what is known as soon
  // as everybody is found to see the same port, a round trip or two after the beginning: enough to be met
  // there.
  Task<std::vector<NatReport>> survey(std::vector<Endpoint> configured, OnMapped on_mapped = nullptr);

 private:
  // The direct connections to peers that serve STUN.
  std::vector<ConnectionPtr> helpers() const;
  Task<void> survey_from(Endpoint local, std::vector<Endpoint> configured, OnMapped on_mapped,
                         std::vector<NatReport>& reports);
  Task<void> survey_all(TaskGroup& tasks, std::vector<Endpoint> configured, OnMapped on_mapped,
                        std::vector<NatReport>& reports);

  Host& host_;
  SharedSockets& sockets_;
};

}  // namespace warren::stun
