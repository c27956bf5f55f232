// Sockets that are members of a multicast group on one network card. ip(7), ipv6(7).
#pragma once

#include "warren/async/task.hpp"
#include "warren/env/network.hpp"

namespace warren::real {

// As Network::join_multicast. The socket is bound to the group's own address, so that it takes nothing that
// was sent to this machine alone, which belongs to the system's own mDNS responder where there is one.
Result<std::unique_ptr<DatagramSocket>> join_multicast(const Executor& executor, const Endpoint& group,
                                                       const NetworkInterface& interface);

}  // namespace warren::real
