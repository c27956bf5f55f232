// The kernel's network: TCP and UDP sockets, the only place where they are.
#pragma once

#include "warren/env/network.hpp"
#include "warren/env/real/change_watch.hpp"

namespace warren::real {

class KernelNetwork final : public Network {
 public:
  // The loop its sockets belong to; set before use.
  void set_executor(Executor executor) { executor_ = std::move(executor); }

  Result<std::unique_ptr<TcpListener>> listen_tcp(Endpoint local) override;
  Task<std::unique_ptr<TcpStream>> connect_tcp(Endpoint remote, std::optional<Endpoint> local) override;
  Result<std::unique_ptr<DatagramSocket>> bind_udp(Endpoint local) override;
  std::vector<IpAddress> interface_addresses() override;
  std::vector<NetworkInterface> interfaces() override;
  Result<std::unique_ptr<DatagramSocket>> join_multicast(Endpoint group,
                                                         const NetworkInterface& interface) override;
  Task<void> wait_for_change() override { return changes_.wait(executor_); }

 private:
  Executor executor_;
  ChangeWatch changes_;
};

}  // namespace warren::real
