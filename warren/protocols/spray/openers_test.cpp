// The hard side's sockets, where the system does not give as many as are wanted.
#include "warren/protocols/spray/openers.hpp"

#include <doctest/doctest.h>

#include "warren/async/as_result.hpp"
#include "warren/protocols/spray/spray_plan.hpp"
#include "warren/sim/world.hpp"

using namespace warren;
using namespace warren::spray;

namespace {

// As a process with so many files left.
class ScarceNetwork final : public Network {
 public:
  ScarceNetwork(Network& network, std::size_t sockets_max) : network_(network), max_(sockets_max) {}

  std::size_t open_sockets = 0;
  std::vector<int> hops;  // that were set

  Result<std::unique_ptr<TcpListener>> listen_tcp(Endpoint local) override {
    return network_.listen_tcp(local);
  }
  Task<std::unique_ptr<TcpStream>> connect_tcp(Endpoint remote, std::optional<Endpoint> local) override {
    return network_.connect_tcp(remote, local);
  }
  Result<std::unique_ptr<DatagramSocket>> bind_udp(Endpoint local) override {
    if (open_sockets == max_) return fail(Errc::kIo);
    auto socket = network_.bind_udp(local);
    if (!socket) return socket;
    ++open_sockets;
    return std::make_unique<Socket>(*this, std::move(*socket));
  }
  std::vector<IpAddress> interface_addresses() override { return network_.interface_addresses(); }
  std::vector<NetworkInterface> interfaces() override { return network_.interfaces(); }
  Result<std::unique_ptr<DatagramSocket>> join_multicast(Endpoint group,
                                                         const NetworkInterface& interface) override {
    return network_.join_multicast(group, interface);
  }
  Task<void> wait_for_change() override { return network_.wait_for_change(); }

 private:
  class Socket final : public DatagramSocket {
   public:
    Socket(ScarceNetwork& owner, std::unique_ptr<DatagramSocket> socket)
        : owner_(owner), socket_(std::move(socket)) {}
    ~Socket() override { close(); }
    Task<std::span<const Datagram>> receive() override { return socket_->receive(); }
    Task<void> send(IpAddress local, Endpoint remote, BytesView payload, std::size_t segment_size,
                    Ecn ecn) override {
      return socket_->send(local, remote, payload, segment_size, ecn);
    }
    Result<> set_hop_limit(std::uint8_t limit) override {
      owner_.hops.push_back(limit);
      return socket_->set_hop_limit(limit);
    }
    Endpoint local_endpoint() const override { return socket_->local_endpoint(); }
    void close() override {
      if (!open_) return;
      open_ = false;
      --owner_.open_sockets;
      socket_->close();
    }

   private:
    ScarceNetwork& owner_;
    std::unique_ptr<DatagramSocket> socket_;
    bool open_ = true;
  };

  Network& network_;
  std::size_t max_;
};

struct Lot {
  explicit Lot(std::size_t sockets_max) : network(machine.env().network, sockets_max) {
    REQUIRE(budget.begin(world.clock().now()));
  }
  ~Lot() {
    world.run(openers.close());
    CHECK(network.open_sockets == 0);
    CHECK_FALSE(world.loop().busy());
  }

  sim::World world{9};
  sim::Machine& machine = world.add_machine("hard");
  sim::Machine& target = world.add_machine("easy");
  ScarceNetwork network;
  Env env{machine.env().executor, machine.env().clock, machine.env().random, network, machine.env().offload};
  Limit entries{"", "", 600};
  SprayBudget budget{entries};
  int hits = 0;
  Secret secret{{1}, {2}};
  Openers openers{env, budget, IpAddress(), {target.address(), 4001}, secret, [this] { ++hits; }};
};

}  // namespace

TEST_CASE("every socket sends two openers, which die after four routers") {
  Lot lot(1000);
  auto at = value_or_throw(lot.target.env().network.bind_udp({IpAddress(), 4001}));
  lot.world.run(lot.openers.run());
  CHECK(lot.openers.opened() == kSocketsMax);
  CHECK_FALSE(lot.openers.stinted());
  CHECK(lot.network.hops == std::vector<int>(kSocketsMax, kOpenerHops));
  CHECK(lot.entries.used() == kSocketsMax);
  std::map<Endpoint, int> heard;
  lot.world.loop().advance(1s);
  for (std::size_t count = 0; count < 2 * kSocketsMax;) {
    const auto datagrams = lot.world.run(at->receive());
    for (const Datagram& each : datagrams) ++heard[each.from];
    count += datagrams.size();
  }
  CHECK(heard.size() == kSocketsMax);
  CHECK(std::ranges::all_of(heard, [](const auto& entry) { return entry.second == 2; }));
}

TEST_CASE("where files are scarce there are fewer sockets, and some are given back") {
  Lot lot(100);
  lot.world.run(lot.openers.run());
  CHECK(lot.openers.opened() == 100);
  CHECK(lot.openers.stinted());
  CHECK(lot.network.open_sockets == 100 - kSocketsSpared);
  CHECK(lot.entries.used() == 101);
  CHECK(lot.hits == 0);
}

TEST_CASE("where there is none at all, there is none") {
  Lot lot(0);
  lot.world.run(lot.openers.run());
  CHECK(lot.openers.opened() == 0);
  CHECK_FALSE(lot.openers.take_hit());
}

TEST_CASE("a probe finds its socket, which is handed over once") {
  Lot lot(1000);
  TaskGroup tasks(lot.world.loop().executor(), "openers");
  tasks.spawn(lot.openers.run());
  auto at = value_or_throw(lot.target.env().network.bind_udp({IpAddress(), 4001}));
  const Endpoint first = lot.world.run(at->receive()).front().from;
  const Bytes probe = encode_probe(lot.secret, ProbeKind::kProbe);
  for (int i = 0; i < 2; ++i) {
    lot.world.run(at->send(IpAddress(), first, probe, probe.size(), Ecn::kNotCapable));
  }
  lot.world.loop().advance(50ms);
  CHECK(lot.hits >= 1);
  auto hit = lot.openers.take_hit();
  REQUIRE(hit);
  CHECK(hit->from == Endpoint{lot.target.address(), 4001});
  CHECK(hit->socket->local_endpoint().port == first.port);
  CHECK_FALSE(lot.openers.take_hit());
  // The others go on without it.
  lot.world.run(tasks.join());
  CHECK(lot.openers.opened() == kSocketsMax);
}
