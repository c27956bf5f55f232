// The kernel's UDP over loopback.
#include "warren/env/real/udp_socket.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>

#include "warren/env/real/loop.hpp"
#include "warren/env/real/test_loopback.hpp"
#include "warren/sim/datagram_contract.hpp"

namespace warren::real {
namespace {

struct UdpTest {
  Loop loop{1};
  Env& env = loop.env();

  std::unique_ptr<KernelUdpSocket> open(UdpOptions options = {}, IpAddress address = kLoopback4) {
    return value_or_throw(KernelUdpSocket::open(env.executor, {address, 0}, options));
  }

  sim::DatagramContract contract(const IpAddress& address, UdpOptions options = {}) {
    const auto bind = [this, options](Endpoint local) -> Result<std::unique_ptr<DatagramSocket>> {
      return KernelUdpSocket::open(env.executor, local, options);
    };
    return {.clock = env.clock,
            .executor = env.executor,
            .run = [this](Task<void> task) { loop.run(std::move(task)); },
            .one = {address, bind},
            .other = {address, bind}};
  }
};

TEST_CASE_FIXTURE(UdpTest, "the kernel's UDP is a DatagramSocket") {
  sim::check_datagram_contract(contract(kLoopback4));
}

TEST_CASE_FIXTURE(UdpTest, "the kernel's UDP over IPv6 is a DatagramSocket") {
  if (!env.network.bind_udp({kLoopback6, 0})) {
    MESSAGE("skipped: this machine has no IPv6 loopback");
    return;
  }
  sim::check_datagram_contract(contract(kLoopback6));
}

TEST_CASE_FIXTURE(UdpTest, "the hop limit is the kernel's") {
  const auto limit_of = [](KernelUdpSocket& socket, int level, int name) {
    int value = 0;
    socklen_t size = sizeof value;
    REQUIRE(getsockopt(socket.descriptor(), level, name, &value, &size) == 0);
    return value;
  };
  const auto v4 = open();
  for (const std::uint8_t hops : {2, 255, 64}) {
    REQUIRE(v4->set_hop_limit(hops));
    CHECK(limit_of(*v4, IPPROTO_IP, IP_TTL) == hops);
  }
  if (env.network.bind_udp({kLoopback6, 0})) {
    const auto v6 = open({}, kLoopback6);
    REQUIRE(v6->set_hop_limit(3));
    CHECK(limit_of(*v6, IPPROTO_IPV6, IPV6_UNICAST_HOPS) == 3);
  }
}

TEST_CASE_FIXTURE(UdpTest, "UDP without UDP_SEGMENT is a DatagramSocket") {
  sim::check_datagram_contract(contract(kLoopback4, {.segmentation = false}));
}

TEST_CASE_FIXTURE(UdpTest, "UDP without UDP_GRO is a DatagramSocket") {
  sim::check_datagram_contract(contract(kLoopback4, {.coalescing = false}));
}

TEST_CASE_FIXTURE(UdpTest, "UDP without either is a DatagramSocket") {
  sim::check_datagram_contract(contract(kLoopback4, {.segmentation = false, .coalescing = false}));
}

using sim::contract_tests::Letter;

Task<void> send(DatagramSocket& socket, Endpoint to, std::size_t total, std::size_t segment,
                IpAddress local = {}) {
  const Bytes payload = sim::contract_tests::random_bytes(total, 1);
  co_await socket.send(local, to, payload, segment, Ecn::kNotCapable);
}

// The sizes of the next batch.
Task<std::vector<std::size_t>> receive_sizes(DatagramSocket& socket) {
  const auto batch = co_await socket.receive();
  std::vector<std::size_t> sizes;
  for (const Datagram& datagram : batch) sizes.push_back(datagram.payload.size());
  co_return sizes;
}

TEST_CASE_FIXTURE(UdpTest, "what arrived by then is one batch") {
  const auto one = open();
  const auto other = open();
  loop.run(send(*one, other->local_endpoint(), 20 * 1000, 1000));
  loop.run(send(*one, other->local_endpoint(), 500, 500));
  std::vector<std::size_t> expected(20, 1000);
  expected.push_back(500);
  CHECK(loop.run(receive_sizes(*other)) == expected);
}

TEST_CASE_FIXTURE(UdpTest, "a kernel that refuses segments at first use is not asked again") {
  const auto one = open();
  const auto other = open();
  if (!one->segments()) {
    MESSAGE("skipped: this kernel has no UDP_SEGMENT");
    return;
  }
  loop.run(send(*one, other->local_endpoint(), 10 * 1000, 1000));
  CHECK(one->segments());
  CHECK(loop.run(receive_sizes(*other)).size() == 10);
  // Segments need a checksum each; without, Linux refuses them.
  const int on = 1;
  REQUIRE(setsockopt(one->descriptor(), SOL_SOCKET, SO_NO_CHECK, &on, sizeof on) == 0);
  loop.run(send(*one, other->local_endpoint(), 10 * 1000, 1000));
  CHECK_FALSE(one->segments());
  CHECK(loop.run(receive_sizes(*other)) == std::vector<std::size_t>(10, 1000));
}

TEST_CASE_FIXTURE(UdpTest, "one of several local addresses is chosen") {
  const auto one = value_or_throw(KernelUdpSocket::open(env.executor, {IpAddress::v4({}), 0}));
  const auto other = open();
  const IpAddress second = IpAddress::v4({127, 0, 0, 2});
  loop.run(send(*one, other->local_endpoint(), 10, 10, second));
  const auto letters = loop.run(sim::contract_tests::receive(contract(kLoopback4), *other, 1));
  CHECK(letters.at(0).from == Endpoint{second, one->local_endpoint().port});
  loop.run(send(*other, letters.at(0).from, 10, 10));
  CHECK(loop.run(sim::contract_tests::receive(contract(kLoopback4), *one, 1)).at(0).to == second);
}

TEST_CASE_FIXTURE(UdpTest, "IPv4 and IPv6 share a port number") {
  if (!env.network.bind_udp({kLoopback6, 0})) {
    MESSAGE("skipped: this machine has no IPv6 loopback");
    return;
  }
  const auto six = open({}, IpAddress::v6({}));
  const auto four = env.network.bind_udp({IpAddress::v4({}), six->local_endpoint().port});
  CHECK((four.has_value() || four.error() == Errc::kAddressInUse));  // another program may have it
}

// While it lives, new sockets are in a network of their own, which has nothing but a loopback of MTU 1500.
class SmallNetwork {
 public:
  SmallNetwork() : outside_(open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC)) {
    if (outside_ < 0 || unshare(CLONE_NEWNET) != 0) return;
    const int control = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    ifreq request{};
    std::strcpy(request.ifr_name, "lo");
    request.ifr_mtu = 1500;
    made_ = ioctl(control, SIOCSIFMTU, &request) == 0;
    request.ifr_flags = IFF_UP;
    made_ = made_ && ioctl(control, SIOCSIFFLAGS, &request) == 0;
    close(control);
  }
  ~SmallNetwork() {
    if (outside_ < 0) return;
    CHECK(setns(outside_, CLONE_NEWNET) == 0);
    close(outside_);
  }
  SmallNetwork(const SmallNetwork&) = delete;
  SmallNetwork& operator=(const SmallNetwork&) = delete;

  bool made() const { return made_; }

 private:
  int outside_;
  bool made_ = false;
};

TEST_CASE_FIXTURE(UdpTest, "what the link does not take is told, and segments go on") {
  const SmallNetwork network;
  if (!network.made()) {
    MESSAGE("skipped: making a network needs privileges");
    return;
  }
  for (const bool segmentation : {true, false}) {
    const auto one = open({.segmentation = segmentation});
    const auto other = open();
    const Endpoint to = other->local_endpoint();
    CHECK(loop.run(as_result(send(*one, to, 1473, 1473))).error() == Errc::kTooLarge);
    CHECK(loop.run(as_result(send(*one, to, 4 * 1473, 1473))).error() == Errc::kTooLarge);
    CHECK(loop.run(as_result(send(*one, to, 40 * 2000, 2000))).error() == Errc::kTooLarge);
    CHECK(one->segments() == segmentation);
    loop.run(send(*one, to, 4 * 1472, 1472));
    CHECK(loop.run(receive_sizes(*other)) == std::vector<std::size_t>(4, 1472));
    const Endpoint nowhere{IpAddress::v4({192, 0, 2, 1}), 4001};
    CHECK(loop.run(as_result(send(*one, nowhere, 10, 10))).error() == Errc::kUnreachable);
  }
  if (!env.network.bind_udp({kLoopback6, 0})) return;
  const auto one = open({}, kLoopback6);
  const auto other = open({}, kLoopback6);
  const Endpoint to = other->local_endpoint();
  CHECK(loop.run(as_result(send(*one, to, 4 * 1453, 1453))).error() == Errc::kTooLarge);
  CHECK(one->segments());
  loop.run(send(*one, to, 4 * 1452, 1452));
  CHECK(loop.run(receive_sizes(*other)) == std::vector<std::size_t>(4, 1452));
}

Task<void> wait_for_release(Env& env, KernelUdpSocket& socket) {
  TaskGroup group(env.executor, "test");
  std::vector<Letter> letters;
  group.spawn(sim::contract_tests::receive_into(socket, 1, letters));
  while (socket.has_receive_memory()) co_await env.clock.sleep_for(1ms);
  co_await group.close();
}

Task<void> receive_again(Env& env, DatagramSocket& one, KernelUdpSocket& other) {
  for (int i = 0; i < 3; ++i) {
    co_await send(one, other.local_endpoint(), 3000, 1000);
    const auto sizes = co_await receive_sizes(other);
    CHECK(sizes == std::vector<std::size_t>(3, 1000));
    CHECK(other.has_receive_memory());
    co_await wait_for_release(env, other);
  }
}

TEST_CASE_FIXTURE(UdpTest, "an idle socket has no buffers, and gets them again") {
  const auto one = open();
  const auto other = open({.idle_after = 1ms});
  CHECK_FALSE(other->has_receive_memory());
  loop.run(receive_again(env, *one, *other));
}

// Fails if the receiver never lets anybody else run.
Task<void> receive_until(DatagramSocket& socket, const bool& enough) {
  while (!enough) co_await socket.receive();
}
Task<void> count_turns(Env& env, DatagramSocket& one, Endpoint other, bool& enough) {
  for (int i = 0; i < 50; ++i) {
    co_await send(one, other, 60 * 1000, 1000);
    co_await env.clock.sleep_for(0ms);
  }
  enough = true;
  co_await send(one, other, 10, 10);
}
Task<void> flood(Env& env, DatagramSocket& one, DatagramSocket& other) {
  TaskGroup group(env.executor, "test");
  bool enough = false;
  group.spawn(receive_until(other, enough));
  group.spawn(count_turns(env, one, other.local_endpoint(), enough));
  co_await group.join();
  CHECK(enough);
}

TEST_CASE_FIXTURE(UdpTest, "a flood leaves turns to others") {
  const auto one = open();
  const auto other = open();
  loop.run(flood(env, *one, *other));
}

}  // namespace
}  // namespace warren::real
